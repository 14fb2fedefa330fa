import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageCode } from '../../src/client/package-code.js';
import { CodeBundle, ModelCode } from '../../src/domain/code.js';
import { digestOfBytes } from '../../src/domain/digest.js';
import { createMemoryStore } from '../fakes/memory-store.js';
import { modelSpec } from '../fakes/model-file.js';
import { temporaryFolder } from '../temporary-folder.js';

const spec = (files: string[] = ['train.py']) =>
  modelSpec('flights', { trainer: { command: ['python', 'train.py'], timeLimitSeconds: 60, files } });

function modelFolder(): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'rows.py'), 'def load(start, end): ...');
  writeFileSync(join(folder, 'train.py'), 'print(1)');
  mkdirSync(join(folder, 'features', '__pycache__'), { recursive: true });
  writeFileSync(join(folder, 'features', 'weather.py'), 'x = 1');
  writeFileSync(join(folder, 'features', '__pycache__', 'weather.cpython-311.pyc'), 'machine code');
  writeFileSync(join(folder, 'features', '.env'), 'PASSWORD=hunter2');
  return folder;
}

test('two bundles, each file by its digest; compiled files and secrets stay behind', async () => {
  const store = createMemoryStore();
  const digest = await packageCode(spec(['train.py', 'features', 'features/weather.py']), modelFolder(), store);
  const read = async (name: `sha256:${string}` | string): Promise<unknown> =>
    JSON.parse(Buffer.from(await store.getByDigest(name)).toString());
  const code = ModelCode.parse(await read(digest));
  expect(CodeBundle.parse(await read(code.trainer)).files).toEqual([
    { path: 'features/weather.py', digest: digestOfBytes('x = 1') },
    { path: 'train.py', digest: digestOfBytes('print(1)') },
  ]);
  expect(CodeBundle.parse(await read(code.source)).files.map(({ path }) => path)).toEqual(['rows.py']);
});

test('the same files give the same digest, another byte another one', async () => {
  const folder = modelFolder();
  const store = createMemoryStore();
  const first = await packageCode(spec(), folder, store);
  expect(await packageCode(spec(), modelFolder(), store)).toBe(first);
  writeFileSync(join(folder, 'train.py'), 'print(2)');
  expect(await packageCode(spec(), folder, store)).not.toBe(first);
});

test('a missing file, an empty folder and a link that leads out are refused with the field', async () => {
  const folder = modelFolder();
  mkdirSync(join(folder, 'empty'));
  symlinkSync('/etc/hostname', join(folder, 'link.py'));
  const pack = (file: string) => packageCode(spec(['train.py', file]), folder, createMemoryStore());
  await expect(pack('gone.py')).rejects.toThrow(
    'spec.trainer.files[1]: expected a file or folder gone.py beside the model file, found nothing',
  );
  await expect(pack('empty')).rejects.toThrow('spec.trainer.files[1]: expected files in empty, found an empty folder');
  await expect(pack('link.py')).rejects.toThrow(
    'spec.trainer.files[1]: expected a path inside the folder of the model file, found link.py, a link that leads out of it',
  );
});
