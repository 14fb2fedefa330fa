import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { problemText } from '../../../src/client/model-file/problem.js';
import { withKeys } from '../../../src/client/serving-keys.js';
import { lintFile } from '../../../src/cli/load-model-file.js';
import { modelSpec } from '../../fakes/model-file.js';
import { temporaryFolder } from '../../temporary-folder.js';
import { GOOD_MODEL_FILE } from './good-model-file.js';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const keySet = (key: typeof publicKey): string => JSON.stringify({ keys: [{ ...key.export({ format: 'jwk' }), kid: 'k' }] });
const jwtOf = (jwksFile: string) => ({ issuer: 'people', audiences: ['ratchet'], jwksFile });

/** What lint says of the keys in a folder with `keys.json` and a folder `nested`. */
function lintKeys(path: string, keys: string): string[] {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'keys.json'), keys);
  mkdirSync(join(folder, 'nested'));
  const file = join(folder, 'model.yaml');
  const jwt = `  serving:\n    jwt:\n      issuer: people\n      jwksFile: ${path}\n`;
  writeFileSync(file, `${GOOD_MODEL_FILE.trimEnd()}\n${jwt}`);
  const found = lintFile(file).problems.filter(({ path: at }) => at === 'spec.serving.jwt.jwksFile');
  const line = `${GOOD_MODEL_FILE.trimEnd()}\n${jwt}`.split('\n').findIndex((text) => text.includes('jwksFile')) + 1;
  for (const problem of found) expect(problem).toMatchObject({ file, line, column: 17 });
  return found.map((problem) => problemText(problem).replace(`${file}:${line}:17: `, ''));
}

test.for<[what: string, path: string, keys: string, said: RegExp | null]>([
  ['public keys beside the model file', 'keys.json', keySet(publicKey), null],
  ['a file that is not there', 'kyes.json', '', /^error: .*found no "kyes.json" there\. Paths are relative/],
  ['a folder', 'nested', '', /^error: .*found "nested": EISDIR/],
  ['what is no JSON', 'keys.json', '-----BEGIN', /^error: .*found "keys.json": no JSON/],
  ['an empty list', 'keys.json', '{"keys": []}', /^error: .*at least one key/],
  ['a private key', 'keys.json', keySet(privateKey), /^error: .*private or a secret key/],
  ['an absolute path that is not on this machine', '/nowhere/keys.json', '', /^warning: .*machine of the proxy/],
])('lint of jwksFile: %s', ([, path, keys, said]) => {
  const told = lintKeys(path, keys);
  expect(told).toEqual(said === null ? [] : [expect.stringMatching(said)]);
  expect(told.join()).not.toContain(privateKey.export({ format: 'jwk' }).d);
});

test('apply takes the keys beside the model file into the spec, and leaves an absolute path to the proxy', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'keys.json'), keySet(publicKey));
  const beside = modelSpec('m', { serving: { jwt: jwtOf('./keys.json') } });
  expect((await withKeys(beside, folder)).spec.serving?.jwt).toMatchObject({ jwksFile: './keys.json', jwks: keySet(publicKey) });
  const absolute = modelSpec('m', { serving: { jwt: jwtOf('/etc/keys.json') } });
  expect(await withKeys(absolute, folder)).toBe(absolute);
  expect(await withKeys(modelSpec('m'), folder)).toEqual(modelSpec('m'));
  const words = { type: 'SpecInvalid', message: expect.stringMatching(/jwksFile: expected public keys .*none\.json, found ENOENT/) };
  await expect(withKeys(modelSpec('m', { serving: { jwt: jwtOf('none.json') } }), folder)).rejects.toMatchObject(words);
});
