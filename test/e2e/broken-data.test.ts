import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { removeFolder } from '../temporary-folder.js';
import { runRatchet } from './run-ratchet.js';

const model = fileURLToPath(new URL('../wiring/model', import.meta.url));
const writer = fileURLToPath(new URL('./broken_rows.py', import.meta.url));
const logged = fileURLToPath(new URL('./logged_predictions.py', import.meta.url));
const window = '\\[2024-01-01T00:00:00.000Z, 2024-04-01T00:00:00.000Z\\)';

interface Promoted {
  readonly kind: string;
  readonly version: { readonly version: string; readonly model: { readonly digest: string } };
}

/** The real steps on the real stack: what the source delivers is the one thing that changes. */
describe('data that is broken at its source', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-broken-data-'));
  const home = join(folder, 'home');
  const ratchet = (...args: string[]) => runRatchet(home, args);

  beforeAll(async () => {
    cpSync(model, join(folder, 'model'), { recursive: true });
    mkdirSync(join(folder, 'delivered'));
    const modelFile = join(folder, 'model', 'model.yaml');
    const source = `source: { kind: parquet, uri: '${pathToFileURL(join(folder, 'rows.parquet')).href}' }`;
    writeFileSync(modelFile, readFileSync(modelFile, 'utf8').replace(/source: .*/, source));
    execFileSync(inject('python'), [writer, model, join(folder, 'delivered')]);
    for (const args of [
      ['up', '--detach'],
      ['apply', '-f', modelFile],
    ]) {
      const { code, err } = await ratchet(...args);
      if (code !== 0) throw new Error(`ratchet ${args[0]} ended with ${code}: ${err}`);
    }
  });
  afterAll(async () => {
    await ratchet('down');
    await removeFolder(folder);
  });

  test.for<[delivered: string, type: string, sentence: string]>([
    ['no rows', 'WindowEmpty', `data.source: expected rows in ${window}, found none at all`],
    ['rows of another year', 'WindowEmpty', `expected rows in ${window}, found 4550 rows of 2022-12-31T00:00:00.000Z to 2023-03-31T`],
    [
      'the newest days missing',
      'WindowTruncated',
      'last row is of 2024-03-27.* before the window.s end 2024-04-01.*; expected at most 69.5 h',
    ],
    ['far too few rows', 'WindowTruncated', `data.window.rowsMin: expected at least 1000 rows in ${window}, found 91`],
    ['a feature gone', 'ColumnMissing', 'column x: expected it in the source.s rows, found only at, id, kind, positive'],
    ['a number as text', 'ColumnTypeChanged', 'column x: expected a number, found (object|str) \\(for example .-?\\d'],
  ])('%s: the cycle fails as what it is, and says what was expected and found', async ([delivered, type, sentence]) => {
    deliver(delivered);
    const { code, out } = await ratchet('trigger', 'wiring', '--as-of', '2024-04-01', '--wait', '--timeout', '280s', '-o', 'json');
    expect(JSON.parse(out)).toMatchObject({
      outcome: 'failed',
      failure: { type, class: 'invalid', message: expect.stringMatching(sentence) as string },
      reason: expect.stringMatching(sentence) as string,
    });
    expect(code).toBe(1);
  });

  test('retry after the data was mended goes on from the snapshot, and is promoted', async () => {
    deliver('whole');
    const { code, out } = await ratchet('retry', 'wiring', '--wait', '--timeout', '280s', '-o', 'json');
    expect(JSON.parse(out)).toMatchObject({ outcome: 'promoted', asOf: '2024-04-01T00:00:00.000Z' });
    expect(code).toBe(0);
    expect(await ratchet('audit', 'verify', 'wiring')).toMatchObject({ code: 0 });
  });

  test('what it answers is looked at: the categories that training never saw are found, and the report lies where it is said', async () => {
    const records = JSON.parse((await ratchet('history', 'wiring', '--records', '-o', 'json')).out) as { body: Promoted }[];
    const { version } = records.findLast(({ body }) => body.kind === 'promoted')!.body;
    const hex = version.model.digest.slice('sha256:'.length);
    const store = join(home, 'store');
    const file = join(store, 'objects', 'sha256', hex.slice(0, 2), hex);
    const steps = fileURLToPath(new URL('../../steps', import.meta.url));
    execFileSync(inject('python'), [logged, steps, model, pathToFileURL(store).href, 'wiring', version.version, file]);
    const { code, out, err } = await ratchet('monitor', 'wiring', '--wait', '-o', 'json');
    expect(err).toBe('');
    const { findings, report } = JSON.parse(out) as { findings: { kind: string; state: string; sentence: string }[]; report: string };
    const found = Object.fromEntries(findings.map(({ kind, state, sentence }) => [kind, { state, sentence }]));
    expect(found).toMatchObject({
      traffic: { state: 'ok', sentence: expect.stringContaining('600 predictions') as string },
      dataQuality: { state: 'found', sentence: expect.stringContaining('such as zeppelin') as string },
      skew: { state: 'inconclusive', sentence: expect.stringContaining('Servers and model file agree on 600 answers') as string },
      decay: { state: 'inconclusive' },
    });
    expect(code).toBe(2);
    expect(readFileSync(report, 'utf8')).toContain(found['dataQuality']!.sentence);
    const status = await ratchet('monitor', 'status', 'wiring', '-o', 'json');
    expect(JSON.parse(status.out)).toMatchObject({ findings, report });
  });

  /** In one step, as a source should. */
  function deliver(name: string): void {
    copyFileSync(join(folder, 'delivered', `${name}.parquet`), join(folder, 'rows.parquet.new'));
    renameSync(join(folder, 'rows.parquet.new'), join(folder, 'rows.parquet'));
  }
});
