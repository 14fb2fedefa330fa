import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { apiConfig } from '../../src/config/api-config.js';
import { temporaryFolder } from '../temporary-folder.js';

const secretOf = (environment: NodeJS.ProcessEnv) => apiConfig({ RATCHET_API_PORT: '4000', ...environment }).secretOf('github');

test('a secret comes from a variable or a file, and is read again at each use', () => {
  const file = join(temporaryFolder(), 'secret');
  writeFileSync(file, 'the first of its secrets\n');
  expect(secretOf({})).toBeNull();
  expect(secretOf({ RATCHET_WEBHOOK_GITHUB_SECRET: 'the secret of a variable' })).toBe('the secret of a variable');
  const fromFile = apiConfig({ RATCHET_API_PORT: '4000', RATCHET_WEBHOOK_GITHUB_SECRET_FILE: file });
  expect(fromFile.secretOf('github')).toBe('the first of its secrets');
  writeFileSync(file, 'the second of its secrets\n');
  expect(fromFile.secretOf('github')).toBe('the second of its secrets');
});

test.for<[NodeJS.ProcessEnv, string]>([
  [{ RATCHET_WEBHOOK_GITHUB_SECRET: 'short' }, 'RATCHET_WEBHOOK_GITHUB_SECRET: expected at least 16 characters, found 5'],
  [{ RATCHET_WEBHOOK_GITHUB_SECRET_FILE: '/nowhere/s' }, 'secret file /nowhere/s: expected a file to read, found ENOENT'],
  [{ RATCHET_API_PORT: 'x' }, 'RATCHET_API_PORT: expected a port'],
])('what is wrong is named, never the secret: %j', ([environment, message]) => {
  expect(() => secretOf(environment)).toThrow(message);
});
