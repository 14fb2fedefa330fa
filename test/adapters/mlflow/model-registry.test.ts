import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createMlflowModelRegistry } from '../../../src/adapters/mlflow/model-registry.js';
import { describeModelRegistry, registerRequest } from '../../contracts/model-registry.js';
import { startTestMlflow } from '../../servers/mlflow.js';

const home = mkdtempSync(join(tmpdir(), 'ratchet-test-mlflow-'));
let mlflow: Awaited<ReturnType<typeof startTestMlflow>>;
const open = () => createMlflowModelRegistry({ trackingUri: mlflow.url, environment: {} });

beforeAll(async () => {
  mlflow = await startTestMlflow(inject('python'), home);
});
afterAll(async () => {
  await mlflow?.stop();
  rmSync(home, { recursive: true, force: true });
});

describeModelRegistry('MLflow', open);

test('forty candidates registered at once all find a place, which is more than MLflow’s own connection pool has', async () => {
  const registry = open();
  const versions = await Promise.all(Array.from({ length: 40 }, () => registry.register(registerRequest())));
  expect(versions).toHaveLength(40);
});

test('takes a version whose run is gone, as where MLflow’s database was lost', async () => {
  const registry = open();
  const request = registerRequest({ mlflowRunId: 'f'.repeat(32) });
  expect(await registry.register(request)).toMatchObject({ registryVersion: '1' });
});

test('says that MLflow is away, and goes on with what it had when it is back', async () => {
  const registry = open();
  const request = registerRequest();
  const first = await registry.register(request);
  await registry.setAlias(request.name, 'champion', first.registryVersion);
  await mlflow.stop();
  await expect(registry.getAlias(request.name, 'champion')).rejects.toMatchObject({
    type: 'RegistryUnavailable',
    class: 'transient',
    message: expect.stringContaining('ECONNREFUSED'),
  });
  await expect(registry.register(request)).rejects.toMatchObject({ type: 'RegistryUnavailable' });
  mlflow = await startTestMlflow(inject('python'), home, mlflow.port);
  expect((await registry.getAlias(request.name, 'champion'))?.registryVersion).toBe(first.registryVersion);
  expect(await registry.register(request)).toEqual(first);
});
