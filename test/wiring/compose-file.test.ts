import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { findComposeReader } from '../../scripts/compose-reader.mjs';
import { temporaryFolder } from '../temporary-folder.js';

const file = fileURLToPath(new URL('../../docker-compose.yml', import.meta.url));
const secrets = ['POSTGRES_PASSWORD', 'TEMPORAL_DB_PASSWORD', 'MLFLOW_DB_PASSWORD', 'S3_ACCESS_KEY', 'S3_SECRET_KEY'];
const given = Object.fromEntries(secrets.map((name) => [name, 'not-used']));
const reader = findComposeReader();
if (reader === null) console.log('docker-compose.yml is not read here: node scripts/compose-reader.mjs (needs Go and a minute once)');

interface Read {
  readonly services: Readonly<Record<string, { readonly depends_on?: Readonly<Record<string, { readonly condition: string }>> }>>;
}

/** As `docker compose config` reads it, with its own code. */
async function read(path: string, env: Readonly<Record<string, string>>): Promise<Read> {
  const { stdout } = await promisify(execFile)(reader!, [path], { env });
  return JSON.parse(stdout) as Read;
}

/** The file with one place of it changed. */
function changed(from: string, to: string): string {
  const text = readFileSync(file, 'utf8');
  expect(text).toContain(from);
  const path = join(temporaryFolder(), 'docker-compose.yml');
  writeFileSync(path, text.replace(from, to));
  return path;
}

describe.skipIf(reader === null)('docker-compose.yml, as the compose specification reads it', () => {
  test('is understood, and the worker waits for what it needs', async () => {
    const { services } = await read(file, given);
    expect(Object.keys(services)).toEqual(expect.arrayContaining(['postgres', 'temporal', 'mlflow', 'worker']));
    const waits = Object.values(services['worker']!.depends_on ?? {}).map(({ condition }) => condition);
    expect(waits.length).toBeGreaterThan(0);
    expect(waits).not.toContain('service_started');
  });

  test('is refused without a password, which is named', async () => {
    const { MLFLOW_DB_PASSWORD: _, ...others } = given;
    await expect(read(file, others)).rejects.toThrow(/MLFLOW_DB_PASSWORD/);
  });

  test('is refused with a key that nobody knows', async () => {
    await expect(read(changed('    restart: on-failure', '    restarts: on-failure'), given)).rejects.toThrow(/restarts/);
  });
});
