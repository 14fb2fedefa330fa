import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createLocalObjectStore } from '../../src/adapters/local/object-store.js';
import { digestOfBytes } from '../../src/domain/digest.js';
import { objectKey } from '../../src/domain/object-key.js';
import { createDataStory } from '../client/retention/data-story.js';
import { temporaryFolder } from '../temporary-folder.js';
import { ratchet } from './terminal-in-test.js';

/** A home with a champion and a cycle whose data are past retention, and a newest cycle. */
async function homeWithData(): Promise<string> {
  const home = temporaryFolder();
  const model = createDataStory(createLocalObjectStore(join(home, 'store'))).modelNamed('flights');
  await model.apply('2020-01-01T00:00:00.000Z');
  await model.run('2020-01-02T00:00:00.000Z', ['champion’s'], { isPromoted: true });
  await model.run('2020-02-01T00:00:00.000Z', ['o'.repeat(2 ** 20), 'small']);
  await model.run('2020-03-01T00:00:00.000Z', ['newest']);
  return home;
}

test('gc says what is past retention, deletes it only when told to, and then has nothing more to say', async () => {
  const home = await homeWithData();
  const file = join(home, 'store', objectKey(digestOfBytes('small')));
  const told = await ratchet(['gc', '--home', home]);
  expect(told).toMatchObject({ code: 0, err: '' });
  expect(told.out).toMatch(/^flights +7 +2020-02-01 +2 +1\.0$/m);
  expect(told.out).toContain('flights: 2 of 3 data sets are kept (30 days; newest cycles: 1)');
  expect(told.out).toContain('past retention: 2 files, 1.0 MiB; --delete removes them');
  expect(existsSync(file)).toBe(true);

  const deleted = await ratchet(['gc', 'flights', '--delete', '--home', home, '-o', 'json']);
  expect(JSON.parse(deleted.out)).toMatchObject({ deleted: true, bytes: 2 ** 20 + 5, files: [{ usedBy: [{ cycle: 7 }] }, {}] });
  expect(existsSync(file)).toBe(false);
  expect((await ratchet(['gc', '--delete', '--home', home])).out).toContain('deleted: 0 files, 0.0 MiB');
});

test('gc stops, with what to do, where a ledger does not hold', async () => {
  const home = await homeWithData();
  writeFileSync(join(home, 'store', 'ledger', 'flights', '000000000003.json'), '{');
  const { code, err } = await ratchet(['gc', '--delete', '--home', home]);
  expect(code).toBe(1);
  expect(err).toMatch(/^error: ledger of flights, record 3: .*\n {2}→ nothing was deleted; /);
  expect(existsSync(join(home, 'store', objectKey(digestOfBytes('small'))))).toBe(true);
});
