import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createLocalObjectStore } from '../../src/adapters/local/object-store.js';
import { temporaryFolder } from '../temporary-folder.js';
import { createDataStory } from '../client/retention/data-story.js';
import { ratchet, type CliRun } from './terminal-in-test.js';

/** A home that knows the model flights. */
async function homeWithModel(): Promise<string> {
  const home = temporaryFolder();
  mkdirSync(join(home, 'store'));
  await createDataStory(createLocalObjectStore(join(home, 'store')))
    .modelNamed('flights')
    .apply('2020-01-01T00:00:00.000Z');
  return home;
}

async function add(home: string, file: string, content: string, ...options: string[]): Promise<CliRun & { path: string }> {
  const path = join(temporaryFolder(), file);
  writeFileSync(path, content);
  return { path, ...(await ratchet(['labels', 'add', 'flights', '-f', path, '--home', home, ...options])) };
}

test('labels are taken in once, whatever the file is called', async () => {
  const home = await homeWithModel();
  const content = 'id,value\na,1\nb,0\n';
  const { code, out, path } = await add(home, 'may.csv', content);
  expect([code, out]).toEqual([0, `${path}: took in 2 labels of flights`]);
  const again = await add(home, 'may-again.txt', content, '--format', 'csv');
  expect(again.out).toMatch(/: known since \S+Z, 2 labels of flights; nothing was changed$/);
  expect(JSON.parse((await add(home, 'may.csv', content, '-o', 'json')).out)).toMatchObject({ known: true, rows: 2, badRows: 0 });
});

test('a file with a bad row is refused whole, or taken in without it', async () => {
  const home = await homeWithModel();
  const content = '{"id": "a", "value": 1}\n{"id": "b", "value": "late"}\n';
  const refused = await add(home, 'may.jsonl', content);
  expect(refused).toMatchObject({ code: 1, out: '' });
  expect(refused.err).toBe(
    `error: ${refused.path}:2: field value: expected a number, true or false, found "late"\n` +
      `  → nothing was taken in from ${refused.path}: correct the row, or leave them out (--skip-bad, over HTTP ?skipBad=true)`,
  );
  const { out, path } = await add(home, 'may.jsonl', content, '--skip-bad');
  expect(out).toBe(
    `${path}: took in 1 label of flights\nleft out: 1 row\n  ${path}:2: field value: expected a number, true or false, found "late"`,
  );
});

test('what is no file of labels is said in a sentence', async () => {
  const home = await homeWithModel();
  expect((await add(home, 'labels.txt', 'id,value\n')).err).toMatch(
    /labels\.txt: expected a name that ends in \.jsonl, \.csv or \.parquet\n {2}→ .*--format/,
  );
  expect((await ratchet(['labels', 'add', 'flights', '-f', '/nowhere.csv', '--home', home])).err).toMatch(
    /\/nowhere\.csv: expected a file of labels, found nothing/,
  );
  const path = join(temporaryFolder(), 'a.csv');
  writeFileSync(path, 'id,value\na,1\n');
  expect((await ratchet(['labels', 'add', 'ships', '-f', path, '--home', home])).err).toMatch(/^error: there is no model ships in /);
});
