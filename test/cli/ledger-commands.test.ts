import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { createLedger } from '../../src/activities/ledger.js';
import { createLocalObjectStore } from '../../src/adapters/local/object-store.js';
import type { LedgerBody } from '../../src/domain/ledger.js';
import { createMemorySigner } from '../fakes/memory-signer.js';
import { AT, approved, cycleStarted, judged, named } from '../ledger/sample-bodies.js';
import { temporaryFolder } from '../temporary-folder.js';
import { ratchet } from './terminal-in-test.js';

/** A home whose ledger holds a cycle that a person turned down. Its evidence is not there: it was never made. */
async function homeWithLedger(): Promise<string> {
  const home = temporaryFolder();
  mkdirSync(join(home, 'store'));
  const ledger = createLedger({
    store: createLocalObjectStore(join(home, 'store')),
    signer: createMemorySigner(),
    owner: 'cluster/default',
  });
  const append = async (key: string, body: LedgerBody): Promise<number> =>
    (await ledger.append({ model: 'flights', key, body, expects: {}, at: AT })).seq;
  await append('apply-1/spec-applied', { kind: 'spec-applied', specDigest: named('spec'), codeDigest: named('code'), requestedBy: 'ana' });
  const cycle = await append('a/cycle-started', cycleStarted('a'));
  await append(
    `${cycle}/judged`,
    judged(cycle, { face: 'no-baseline', next: 'askPerson', reasons: ['there is no champion yet', 'a person must look'] }),
  );
  await append(
    `${cycle}/approved`,
    approved(cycle, {
      outcome: 'rejected',
      votes: [{ signer: 'ana', role: null, decision: 'reject', comment: 'no', at: AT, assurance: 'claimed' }],
    }),
  );
  await append(`${cycle}/cycle-ended`, {
    kind: 'cycle-ended',
    cycle,
    outcome: 'rejected',
    stage: 'approve',
    reason: 'rejected by ana: no',
    failure: null,
    evidence: {},
  });
  return home;
}

test('history tells each cycle with its end, without a running stack', async () => {
  const home = await homeWithLedger();
  const { code, out } = await ratchet(['history', 'flights', '--home', home]);
  expect(code).toBe(0);
  expect(out).toMatch(/rejected at approve +no-baseline +ana \(reject\) +rejected by ana: no$/m);
  const json = await ratchet(['history', 'flights', '--home', home, '-o', 'json']);
  expect(JSON.parse(json.out)).toMatchObject([
    { outcome: 'rejected', stage: 'approve', face: 'no-baseline', reasons: ['there is no champion yet', 'a person must look'] },
  ]);
});

test('a cycle that ended by a decision, or that never was, is not retried', async () => {
  const home = await homeWithLedger();
  for (const [args, message] of [
    [[], /^error: cycle 3 of flights ended rejected, by a decision and not by a failure: it stands\n.*ratchet trigger flights/],
    [['2'], /^error: flights has no cycle 2\n.*ratchet history flights/],
  ] as const) {
    const { code, err } = await ratchet(['retry', 'flights', ...args, '--home', home]);
    expect(code).toBe(1);
    expect(err).toMatch(message);
  }
});

test('history --records tells every record', async () => {
  const home = await homeWithLedger();
  const { out } = await ratchet(['history', 'flights', '--records', '--home', home]);
  const kinds = [
    'ledger opened by cluster/default',
    'ana applied spec',
    'cycle started',
    'no-baseline, askPerson',
    'rejected by ana',
    'ended: rejected',
  ];
  expect(
    out
      .split('\n')
      .slice(1)
      .map((line, index) => line.includes(kinds[index]!)),
  ).toEqual(kinds.map(() => true));
});

test('history --records tells no ledger with a hole in it', async () => {
  const home = await homeWithLedger();
  rmSync(join(home, 'store', 'ledger', 'flights', '000000000004.json'));
  const { code, out, err } = await ratchet(['history', 'flights', '--records', '--home', home]);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toContain('ledger/flights/000000000004.json: expected the record, as 6 is there, found nothing');
  expect(err).toContain('ratchet audit verify flights');
});

test.for(['get', 'status'])('%s passes over what people leave among the ledgers', async (command) => {
  const home = await homeWithLedger();
  const ledgers = join(home, 'store', 'ledger');
  writeFileSync(join(ledgers, 'README.txt'), 'ours');
  writeFileSync(join(ledgers, 'flights', '~lock'), '');
  mkdirSync(join(ledgers, 'emptied'));
  writeFileSync(join(ledgers, 'emptied', '000000000001.json.bak'), '');
  const { code, out } = await ratchet([command, '--home', home, '-o', 'json']);
  expect(code).toBe(0);
  expect(out.match(/"model":/g)).toHaveLength(1);
});

test('get shows the models and their state', async () => {
  const home = await homeWithLedger();
  const { out } = await ratchet(['get', '--home', home, '-o', 'json']);
  expect(JSON.parse(out)).toMatchObject([
    { model: 'flights', champion: null, generation: 0, openCycle: null, paused: false, owner: 'cluster/default' },
  ]);
});

test('audit verify passes over a ledger that holds, and fails where a byte was changed', async () => {
  const home = await homeWithLedger();
  const good = await ratchet(['audit', 'verify', '--no-evidence', '--home', home]);
  expect(good).toMatchObject({ code: 0, err: '' });
  expect(good.out).toContain('flights: holds, 6 records');

  const file = join(home, 'store', 'ledger', 'flights', '000000000005.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace('"reject"', '"approve"'));
  const bad = await ratchet(['audit', 'verify', 'flights', '--no-evidence', '--home', home, '-o', 'json']);
  expect(bad.code).toBe(1);
});

test('audit verify says which record cannot be read, and goes on with the others and the other ledgers', async () => {
  const home = await homeWithLedger();
  const ledgers = join(home, 'store', 'ledger');
  cpSync(join(ledgers, 'flights'), join(ledgers, 'another'), { recursive: true });
  mkdirSync(join(ledgers, 'emptied'));
  writeFileSync(join(ledgers, 'emptied', '000000000001.json.bak'), '');
  const file = join(ledgers, 'another', '000000000003.json');
  rmSync(file);
  symlinkSync(file, file);
  const { code, out } = await ratchet(['audit', 'verify', '--no-evidence', '--home', home]);
  expect(code).toBe(1);
  expect(out).toMatch(/another: DOES NOT HOLD, .* in 6 records/);
  expect(out).toMatch(/✗ record 3: cannot be read: .*ELOOP/);
  expect(out).toMatch(/emptied: DOES NOT HOLD.*\n +✗ .*expected a ledger of emptied, found none/);
  expect(out).toContain('flights: holds, 6 records');
});

test('audit verify takes a copied folder, by path or URI, and a noted head', async () => {
  const store = join(await homeWithLedger(), 'store');
  const first = await ratchet(['audit', 'verify', '--no-evidence', '--store', store, '-o', 'json']);
  const [{ head }] = JSON.parse(first.out) as [{ head: { seq: number; digest: string } }];
  const noted = `${head.seq + 1}:${head.digest}`;
  const cut = await ratchet(['audit', 'verify', '--no-evidence', '--store', pathToFileURL(store).href, '--head', noted]);
  expect(cut.code).toBe(1);
  expect(cut.out).toContain('the end was cut off');
});

test('audit verify names the key file that it cannot use', async () => {
  const home = await homeWithLedger();
  const verify = ['audit', 'verify', '--no-evidence', '--home', home, '--key'];
  const missing = join(home, 'nothere.pem');
  expect(await ratchet([...verify, missing])).toMatchObject({
    code: 1,
    err: expect.stringContaining(`--key ${missing}: expected a file with a public key (PEM), found ENOENT`),
  });
  const wrong = join(home, 'wrong.pem');
  writeFileSync(wrong, 'no key');
  expect(await ratchet([...verify, wrong])).toMatchObject({
    code: 1,
    err: expect.stringContaining(`${wrong}: expected a public key (PEM), found something else`),
  });
});

test('replay of a cycle whose evidence is gone is one message', async () => {
  const home = await homeWithLedger();
  const { code, err } = await ratchet(['replay', 'flights', '--home', home]);
  expect(code).toBe(1);
  expect(err).toMatch(/^error: /);
});
