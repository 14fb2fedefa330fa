import { expect, test } from 'vitest';
import { findModels } from '../../src/domain/ledger-models.js';
import { recordKey } from '../../src/domain/ledger-file.js';
import { createMemoryStore } from '../fakes/memory-store.js';

/** The models of a store with these names in it, and how often it was asked; one that is asked for ever ends the test. */
async function modelsOf(...keys: string[]): Promise<{ models: string[]; asked: number }> {
  const store = createMemoryStore();
  for (const key of keys) store.files.set(key, Buffer.from('x'));
  let asked = 0;
  const models = await findModels(async (prefix, options) => {
    if (++asked > 100) throw new Error('asked for ever');
    return store.list(prefix, options);
  });
  return { models, asked };
}

const records = ['a', 'a-b', 'ab', 'flights'].flatMap((model) => [1, 2, 3].map((seq) => recordKey(model, seq)));

test('each model is found with one question, also where one name begins the other', async () => {
  expect(await modelsOf(...records)).toEqual({ models: ['a-b', 'a', 'ab', 'flights'], asked: 5 });
  expect(await modelsOf()).toEqual({ models: [], asked: 1 });
});

test.for(['~lock', 'Übersicht.txt', '日本', '\u{1f4c8}.png', 'zz/deep/er'])('a file %s beside the records hides no model', async (name) => {
  expect((await modelsOf(...records, `ledger/a/${name}`, `ledger/flights/${name}`)).models).toEqual(['a-b', 'a', 'ab', 'flights']);
});

test.for(['README.txt', 'flights backup.tar', '~', 'a0', 'Backup/000000000001.json', 'flights.old/000000000001.json', 'a b/notes'])(
  'ledger/%s is no model',
  async (name) => {
    expect((await modelsOf(...records, `ledger/${name}`)).models).toEqual(['a-b', 'a', 'ab', 'flights']);
  },
);
