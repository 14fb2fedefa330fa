import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { temporalFromEnvironment } from '../../src/config/temporal-address.js';

const folder = mkdtempSync(join(tmpdir(), 'ratchet-temporal-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'temporal.toml');
writeFileSync(
  file,
  `[profile.default]
address = "production:7233"
namespace = "prod"

[profile.staging]
address = "staging:7233"
namespace = "models"
api_key = "sesame"
`,
);

test.for<[name: string, environment: NodeJS.ProcessEnv, address: string, namespace: string, namedBy: string]>([
  ['an address', { TEMPORAL_ADDRESS: 'here:1' }, 'here:1', 'default', 'TEMPORAL_ADDRESS'],
  ['an address and a namespace', { TEMPORAL_ADDRESS: 'here:1', TEMPORAL_NAMESPACE: 'mine' }, 'here:1', 'mine', 'TEMPORAL_ADDRESS'],
  ['a profile', { TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'staging' }, 'staging:7233', 'models', 'TEMPORAL_PROFILE'],
  ['a file, whose default profile counts then', { TEMPORAL_CONFIG_FILE: file }, 'production:7233', 'prod', 'TEMPORAL_CONFIG_FILE'],
  [
    'a profile and an address, which goes before',
    { TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'staging', TEMPORAL_ADDRESS: 'here:1' },
    'here:1',
    'models',
    'TEMPORAL_ADDRESS',
  ],
])('a server is named by %s', ([, environment, address, namespace, namedBy]) => {
  expect(temporalFromEnvironment(environment)).toMatchObject({ address, namespace, namedBy, connection: { address } });
});

test('a profile brings its key and with it TLS', () => {
  const { connection } = temporalFromEnvironment({ TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'staging' })!;
  expect(connection).toMatchObject({ apiKey: 'sesame', tls: expect.anything() });
});

test('none is named by nothing, or by a default profile that merely lies in its usual place', () => {
  expect(temporalFromEnvironment({ HOME: folder, XDG_CONFIG_HOME: folder })).toBeNull();
});

test('a profile that there is not is an error, not another server', () => {
  expect(() => temporalFromEnvironment({ TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'stagin' })).toThrow(
    /^environment variable TEMPORAL_PROFILE: expected a profile of .*temporal\.toml, found "stagin" \(.*\): correct or unset it$/,
  );
});

test('a file of settings that cannot be read is named with its variable', () => {
  const broken = join(folder, 'broken.toml');
  writeFileSync(broken, '[profile');
  expect(() => temporalFromEnvironment({ TEMPORAL_CONFIG_FILE: broken })).toThrow(
    /^environment variable TEMPORAL_CONFIG_FILE: expected settings that can be read, found others \(.*\)/s,
  );
});
