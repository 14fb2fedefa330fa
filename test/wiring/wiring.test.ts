import { mkdtempSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startTeamStack, whatIsMissing, type Ran, type TeamStack } from './team-stack.js';
import { removeFolder } from '../temporary-folder.js';

const modelFile = fileURLToPath(new URL('model/model.yaml', import.meta.url));
const programs = { python: inject('python'), temporalCli: inject('temporalCli'), versitygw: inject('versitygw') };
const missing = whatIsMissing(programs);
if (missing !== null) console.log(`the wiring is not tested here, for lack of ${missing}`);

describe.skipIf(missing !== null)('the stack of docker-compose.yml, as processes', () => {
  let home: string;
  let stack: TeamStack;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'ratchet-wiring-'));
    stack = await startTeamStack(programs, home);
  });

  afterAll(async () => {
    await stack?.stop();
    await removeFolder(home);
  });

  test('takes a model from its file to a promotion', async () => {
    expect(await stack.ratchet('apply', '-f', modelFile)).toEqual(succeeded(''));
    const cycle = await stack.ratchet('trigger', 'wiring', '--as-of', '2024-04-01', '--wait', '--timeout', '3m');
    expect(cycle).toEqual(succeeded('promoted'));
  });

  test('a second cycle is held against the first one’s model', async () => {
    const cycle = await stack.ratchet('trigger', 'wiring', '--as-of', '2024-06-01', '--wait', '--timeout', '3m', '-o', 'json');
    expect(cycle).toEqual(succeeded(''));
    expect(JSON.parse(cycle.stdout)).toMatchObject({ outcome: 'promoted', verdict: { face: 'pass' } });
  });

  test('the ledger and all evidence verify from S3', async () => {
    const audit = await stack.ratchet('audit', 'verify', 'wiring');
    expect(audit).toEqual(succeeded('wiring: holds'));
  });

  test('MLflow on Postgres names the champion', async () => {
    const answer = await fetch(`${stack.mlflowUrl}/api/2.0/mlflow/registered-models/alias?name=wiring&alias=champion`);
    expect(await answer.json()).toMatchObject({ model_version: { name: 'wiring', version: '2' } });
  });

  test('MLflow answers by its name in the compose network, and to no other', async () => {
    expect(await statusFor(stack.mlflowUrl, 'mlflow:5000')).toBe(200);
    expect(await statusFor(stack.mlflowUrl, 'example.org')).toBe(403);
  });

  test('Temporal finds the cycles by the search attributes of Ratchet', async () => {
    await expect
      .poll(() => stack.temporal('workflow', 'count', '--query', 'RatchetModel="wiring" AND WorkflowType="retrainCycle"'), {
        timeout: 20_000,
      })
      .toEqual(succeeded('2'));
  });
});

/** As an expectation, so that what was said stands in a failed test's difference. */
function succeeded(saying: string): Ran {
  return { code: 0, stdout: expect.stringContaining(saying) as string, stderr: expect.any(String) as string };
}

function statusFor(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(`${url}/api/2.0/mlflow/experiments/get?experiment_id=0`, { headers: { host } }, (answer) => resolve(answer.resume().statusCode)).on(
      'error',
      reject,
    );
  });
}
