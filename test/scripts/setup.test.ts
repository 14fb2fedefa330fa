import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { explainFailure } from '../../scripts/command.mjs';

const root = mkdtempSync(join(tmpdir(), 'ratchet-setup-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A PATH with node and sh, and commands that print what is given. */
function pathWith(name: string, commands: Record<string, string>): string {
  const folder = join(root, name);
  mkdirSync(folder);
  symlinkSync(process.execPath, join(folder, 'node'));
  for (const [command, script] of Object.entries(commands)) {
    writeFileSync(join(folder, command), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, command), 0o755);
  }
  return [folder, '/bin'].join(delimiter);
}

const python = (major: number, minor: number, hasVenv: boolean): string =>
  `echo ratchet-python ${major} ${minor} linux ${hasVenv ? 'True' : 'False'} /nowhere/python3`;

function setUp(env: Record<string, string>): { code: number | null; said: string } {
  const script = join(import.meta.dirname, '..', '..', 'scripts', 'setup.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { env, encoding: 'utf8' });
  return { code: status, said: (stdout + stderr).trim() };
}

describe('set-up ends in one sentence', () => {
  let names = 0;
  const shim = 'echo "no such version" >&2; exit 127';
  // every name is given, so that a Python of this machine in /bin is never found
  const all = (script: string): Record<string, string> =>
    Object.fromEntries(['3', '3.11', '3.12', '3.13', '3.14', ''].map((suffix) => [`python${suffix}`, script]));

  test.for<[name: string, commands: Record<string, string>, said: RegExp]>([
    ['where no Python runs', all(shim), /needs Python 3\.11 or newer; found none that runs\. Install it/],
    ['where Python is too old', { ...all(shim), python3: python(3, 9, true) }, /found python3 is 3\.9, too old\./],
    ['where Python 2 is all there is', { ...all(shim), python: python(2, 7, true) }, /found python is 2\.7, too old\./],
    [
      'where Python cannot make environments',
      { ...all(shim), python3: python(3, 12, false) },
      /python3 \(3\.12\) lacks ensurepip \(Debian/,
    ],
  ])('%s', ([, commands, said]) => {
    const result = setUp({ PATH: pathWith(`case-${names++}`, commands), RATCHET_CACHE: join(root, 'cache') });
    expect(result.said).toMatch(said);
    expect(result.said.split('\n')).toHaveLength(1);
    expect(result.code).toBe(1);
  });

  test('where the cache folder cannot be made', () => {
    writeFileSync(join(root, 'file'), '');
    const result = setUp({ PATH: pathWith('no-cache', {}), RATCHET_CACHE: join(root, 'file', 'cache') });
    expect(result).toEqual({
      code: 1,
      said: expect.stringMatching(/^setup: cannot make the folder .*ENOTDIR.*set RATCHET_CACHE/) as string,
    });
  });
});

describe('a failed installation', () => {
  test.for<[name: string, output: string, said: RegExp]>([
    [
      'without a network, by pip',
      'WARNING: Retrying\nERROR: No matching distribution found for uv==1',
      /could not be reached.*Last line: ERROR: No matching/,
    ],
    [
      'without a network, by npm',
      'npm error code ENOTFOUND\nnpm error network request to x failed\nnpm error network In most cases',
      /could not be reached.*request to x failed/,
    ],
    ['without a network, by uv', 'error: Failed to fetch: `x`\n  Caused by: dns error', /could not be reached.*Caused by: dns error/],
    [
      'behind a proxy that signs for others, by npm',
      'npm error code SELF_SIGNED_CERT_IN_CHAIN\nnpm error request to x failed, reason: self-signed certificate in certificate chain',
      /does not trust the certificate.*NODE_EXTRA_CA_CERTS, SSL_CERT_FILE and PIP_CERT.*reason: self-signed/,
    ],
    [
      'behind a proxy that signs for others, by pip',
      'WARNING: Retrying: SSLCertVerificationError(1, certificate verify failed: unable to get local issuer certificate)\nERROR: No matching distribution found for uv==1',
      /does not trust the certificate.*SSL_CERT_FILE/,
    ],
    [
      'behind a proxy that signs for others, by uv',
      'error: Failed to fetch: `x`\n  Caused by: invalid peer certificate: UnknownIssuer',
      /does not trust the certificate.*Caused by: invalid peer certificate/,
    ],
    ['on a full disk', 'error: failed to write\n  Caused by: No space left on device (os error 28)', /the disk is full: free 3 GB/],
    [
      'for another reason',
      'npm error code EUSAGE\nnpm error\nnpm error lock file out of sync\nnpm error A complete log',
      /failed: npm error lock file out of sync$/,
    ],
    ['without a word', '', /failed: it said nothing$/],
  ])('%s', ([, output, said]) => {
    expect(explainFailure('installing X', output)).toMatch(said);
  });
});

beforeAll(() => mkdirSync(join(root, 'cache')));
