import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, inject, test } from 'vitest';
import { createLocalLabelReader } from '../../../src/adapters/local/label-reader.js';
import { createLocalObjectStore } from '../../../src/adapters/local/object-store.js';
import { describeLabelReader, type LabelsUnderTest } from '../../contracts/label-reader.js';
import { temporaryFolder } from '../../temporary-folder.js';

const stepsPath = fileURLToPath(new URL('../../../steps', import.meta.url));

function open(pythonBin: string | null = dirname(inject('python'))): LabelsUnderTest {
  const store = createLocalObjectStore(join(temporaryFolder(), 'store'));
  return { store, reader: createLocalLabelReader({ pythonBin, stepsPath, storeUri: store.uri }) };
}

describeLabelReader('local', () => open());

test('where there is no Python, it says so', async () => {
  const { store } = open();
  const reader = createLocalLabelReader({ pythonBin: null, stepsPath, storeUri: store.uri, environment: { PATH: temporaryFolder() } });
  const question = { model: 'm', startMs: 0, endMs: 1, asOfMs: 1, timeZone: 'UTC', compare: null };
  await expect(reader.read(question, new AbortController().signal)).rejects.toMatchObject({
    type: 'JobFailed',
    message: /expected Python, found/,
  });
});
