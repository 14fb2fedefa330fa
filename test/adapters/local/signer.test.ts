import { execFile } from 'node:child_process';
import { generateKeyPairSync, verify } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createLocalSigner } from '../../../src/adapters/local/signer.js';
import { temporaryFolder } from '../../temporary-folder.js';

test('makes its key once, readable by its owner alone, and signs with it ever after', async () => {
  const home = temporaryFolder();
  const signer = await createLocalSigner(home);
  expect(statSync(join(home, 'keys', 'ledger.key')).mode & 0o777).toBe(0o600);
  expect(signer.keyId).toMatch(/^[0-9a-f]{16}$/);
  const again = await createLocalSigner(home);
  expect(again.keyId).toBe(signer.keyId);
  const signature = Buffer.from(await again.sign(Buffer.from('record')), 'base64');
  expect(verify(null, Buffer.from('record'), signer.publicKeyPem, signature)).toBe(true);
  expect(verify(null, Buffer.from('recorD'), signer.publicKeyPem, signature)).toBe(false);
});

test('processes that start at once get the same key', async () => {
  const home = temporaryFolder();
  const file = fileURLToPath(new URL('../../../src/adapters/local/signer.ts', import.meta.url));
  const code = `import { createLocalSigner } from ${JSON.stringify(file)}; const ids = await Promise.all([1, 2, 3].map(async () => (await createLocalSigner(process.argv[1])).keyId)); console.log(ids.join());`;
  const tsx = createRequire(import.meta.url).resolve('tsx');
  const run = async () =>
    (await promisify(execFile)(process.execPath, ['--import', tsx, '--input-type=module', '-e', code, home])).stdout.trim().split(',');
  const inProcess = async () => [(await createLocalSigner(home)).keyId];
  const ids = (await Promise.all([run(), run(), ...Array.from({ length: 8 }, inProcess)])).flat();
  expect(ids).toHaveLength(14);
  expect(new Set(ids).size).toBe(1);
  expect(readdirSync(join(home, 'keys'))).toEqual(['ledger.key']);
});

test.for([0o644, 0o640, 0o604, 0o666])('refuses a key that others may read (mode %i)', async (mode) => {
  const home = temporaryFolder();
  await createLocalSigner(home);
  const file = join(home, 'keys', 'ledger.key');
  chmodSync(file, mode);
  await expect(createLocalSigner(home)).rejects.toMatchObject({
    type: 'AccessDenied',
    message: expect.stringContaining(`found mode ${mode.toString(8)}`),
    remedy: expect.stringContaining('chmod 600'),
  });
});

test.for<[string, () => string]>([
  ['nothing', () => ''],
  ['half a key', () => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString().slice(0, 60)],
  [
    'another kind of key',
    () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  ],
])('refuses a key file that holds %s, and never makes another in its place', async ([, content]) => {
  const home = temporaryFolder();
  mkdirSync(join(home, 'keys'));
  const file = join(home, 'keys', 'ledger.key');
  const text = content();
  writeFileSync(file, text, { mode: 0o600 });
  await expect(createLocalSigner(home)).rejects.toMatchObject({
    type: 'AccessDenied',
    message: expect.stringContaining('expected an Ed25519 private key'),
  });
  expect(readFileSync(file, 'utf8')).toBe(text);
});
