import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ratchet } from './terminal-in-test.js';

const commands = [
  'up',
  'down',
  'demo',
  'lint',
  'simulate',
  'dry-run',
  'schema',
  'apply',
  'get',
  'trigger',
  'status',
  'why',
  'approve',
  'reject',
  'pause',
  'resume',
  'abort',
  'retry',
  'rollout',
  'rollback',
  'predict',
  'labels',
  'monitor',
  'history',
  'replay',
  'backtest',
  'audit',
  'notices',
  'gc',
  'adopt',
];

test('the help lists every command', async () => {
  const { code, out } = await ratchet(['--help']);
  expect(code).toBe(0);
  const listed = [...out.matchAll(/^ {2}([a-z][a-z-]*) /gm)].map(([, name]) => name);
  expect(listed).toEqual(commands);
});

test('the version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  expect(await ratchet(['--version'])).toEqual({ code: 0, out: version, err: '' });
});

describe('a mistake in the command line ends in exit code 1 and one message', () => {
  test.for<[args: string[], message: RegExp]>([
    [['frobnicate'], /unknown command 'frobnicate'\n {2}→ `ratchet --help`/],
    [['lint', 'model.yaml'], /required option '-f, --file <file>' not specified\n {2}→ `ratchet lint --help`/],
    [['audit', 'frobnicate'], /unknown command 'frobnicate'\n {2}→ `ratchet audit --help`/],
    [['aply'], /Did you mean apply\?/],
    [['status', '-o', 'xml'], /-o, --output <format>.*'xml' is invalid.*table, json, yaml/],
    [['monitor', 'flights', '--window', '90m'], /expected whole hours or days such as 6h or 2d, at most 31d, found "90m"/],
    [['trigger'], /missing required argument 'model'/],
    [['trigger', 'Flights'], /expected lower-case letters, digits and dashes.*found "Flights"/],
    [['trigger', 'flights', '--as-of', 'yesterday'], /expected a day \(2013-07-01\) or a time with its zone.*found "yesterday"/],
    [['trigger', 'flights', '--as-of', '2013-02-30'], /found "2013-02-30"/],
    [['trigger', 'flights', '--as-of', '2013-02-30T00:00:00Z'], /found "2013-02-30T00:00:00Z"/],
    [['trigger', 'flights', '--as-of', '2013-02-01T00:00:00'], /a time with its zone/],
    [['trigger', 'flights', '--timeout', '5'], /expected a duration such as 45s, 30m, 2h or 90d, found "5"/],
    [['trigger', 'flights', '--timeout', '367d'], /a duration of at most 366d, found "367d"/],
    [['trigger', 'flights', '--as-of', '0000-01-01'], /a day or a time since 1970, found "0000-01-01"/],
    [['trigger', 'flights', '--as', ''], /'--as <name>' argument '' is invalid. expected one line of 1 to 200 characters, found ""/],
    [['trigger', 'flights', '--as', 'ana\nrejected by ben'], /expected one line .*found "ana\\nrejected by ben"/],
    [['trigger', 'flights', '--key', 'k'.repeat(201)], /--key <key>.*expected one line of 1 to 200 characters, found 201 characters/],
    [['pause', 'flights', '--reason', 'r'.repeat(2001)], /--reason <text>.*expected at most 2000 characters, found 2001 characters/],
    [['approve', 'flights', '--as', 'ana', '--comment', 'c'.repeat(2001)], /--comment <text>.*at most 2000 characters/],
    [['lint', '-f', 'a.yaml', '-f', 'b.yaml'], /-f, --file <file>.*expected one file, found two: a.yaml and b.yaml. Run it once for each/],
    [['approve', 'flights'], /--as <name>.*not specified/],
    [['approve', 'flights', '--as', 'ana', '--candidate', 'abc'], /expected sha256:<64 hex digits>, found "abc"/],
    [['replay', 'flights', '0'], /expected a whole number above 0, found "0"/],
    [['up', '--temporal-port', '70000'], /expected a port from 1 to 65535, found "70000"/],
    [['up', '--host', '0.0.0.0'], /expected 127\.0\.0\.1, found "0\.0\.0\.0": votes are not signed yet/],
    [['get', 'one', 'two'], /too many arguments/],
    [['apply'], /--file <file>' not specified/],
    [['audit', 'verify', '--head', '7'], /expected <number>:<digest>/],
    [['rollout', 'frobnicate'], /unknown command 'frobnicate'\n {2}→ `ratchet rollout --help`/],
    [['rollout', 'status'], /missing required argument 'model'/],
    [['rollout', 'pause', 'flights'], /--as <name>.*not specified/],
    [['rollout', 'resume', 'Flights', '--as', 'ana'], /found "Flights"/],
    [['rollout', 'skip', 'flights', '--as', 'ana', '--full'], /unknown option '--full'/],
    [
      ['rollout', 'promote', 'flights', '--as', 'ana'],
      /promote: expected --full, found nothing.*\n.*ratchet rollout skip flights --as ana/,
    ],
    [['rollout', 'abort', 'flights'], /--as <name>.*not specified/],
    [['rollback', 'flights', '--to', 'flights-7'], /--as <name>.*not specified/],
    [['predict', 'flights'], /--file <file>' not specified/],
    [['predict', 'flights', '-f', 'row.json', '--header', 'caller'], /expected name=value, found "caller"/],
  ])('%j', async ([args, message]) => {
    const { code, out, err } = await ratchet(args);
    expect(code).toBe(1);
    expect(out).toBe('');
    expect(err).toMatch(message);
    expect(err).not.toMatch(/^\s+at /m);
  });
});

describe('without a stack', () => {
  const home = ['--home', '/nonexistent/ratchet-home'];

  test.for<[args: string[], message: RegExp]>([
    [['trigger', 'flights'], /no stack runs in \/nonexistent\/ratchet-home\n.*ratchet up/],
    [['status', 'flights'], /no stack runs/],
    [['pause', 'flights'], /no stack runs/],
    [['abort', 'flights'], /no stack runs/],
    [['approve', 'flights', '--as', 'ana'], /no stack runs/],
    [['history', 'flights'], /there is no ledger of flights/],
    [['retry', 'flights'], /there is no model flights here\n.*ratchet get/],
    [['replay', 'flights'], /there is no model flights here/],
    [['replay', 'flights', '7'], /there is no model flights here/],
    [['get', 'flights'], /there is no model flights/],
    [['audit', 'verify'], /there is no ledger in file:\/\/\/nonexistent/],
    [['apply', '-f', '/nonexistent/model.yaml'], /\/nonexistent\/model\.yaml: expected a model file, found nothing/],
    [['status', '-w'], /to watch, name a model/],
    [['rollout', 'status', 'flights'], /no stack runs/],
    [['rollout', 'pause', 'flights', '--as', 'ana'], /no stack runs/],
    [['rollout', 'promote', 'flights', '--full', '--as', 'ana'], /no stack runs/],
    [['rollback', 'flights', '--as', 'ana'], /no stack runs/],
    [
      ['predict', 'flights', '-f', '/nonexistent/row.json'],
      /\/nonexistent\/row\.json: expected a JSON file of rows, found nothing\n.*a row is/,
    ],
  ])('%j says what is missing and ends with 1', async ([args, message]) => {
    const { code, err } = await ratchet([...args, ...home]);
    expect(code).toBe(1);
    expect(err).toMatch(message);
    expect(err).not.toMatch(/^\s+at /m);
  });

  test('get lists no models, status says so, down has nothing to do', async () => {
    expect(await ratchet(['get', ...home, '-o', 'json'])).toEqual({ code: 0, out: '[]', err: '' });
    const status = await ratchet(['status', ...home, '-o', 'json']);
    expect(JSON.parse(status.out)).toMatchObject({ running: false, models: [] });
    const down = await ratchet(['down', ...home, '-o', 'yaml']);
    expect(down.out).toBe('home: /nonexistent/ratchet-home\nstopped: false');
  });
});

test('with RATCHET_DEBUG the message is followed by where it comes from', async () => {
  const { err } = await ratchet(['trigger', 'flights', '--home', '/nonexistent/x'], { environment: { RATCHET_DEBUG: '1' } });
  expect(err).toMatch(/^error: no stack runs/);
  expect(err).toMatch(/^\s+at /m);
});
