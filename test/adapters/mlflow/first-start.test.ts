import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject, onTestFinished, test } from 'vitest';
import { mlflowServerPlan } from '../../../src/adapters/local/servers/mlflow-server.js';
import { startServer } from '../../../src/adapters/local/servers/server-process.js';
import { freePort } from '../../servers/free-port.js';
import { startTestMlflow } from '../../servers/mlflow.js';
import { temporaryFolder } from '../../temporary-folder.js';

const QUESTIONS = [
  'experiments/get?experiment_id=0',
  'model-versions/search',
  'registered-models/search',
  'experiments/search?max_results=1',
];

test('whoever asks a new server first, of runs and of models at once, finds all tables', async () => {
  const [home, port] = [temporaryFolder(), await freePort()];
  const starting = startTestMlflow(inject('python'), home, port);
  onTestFinished(() => starting.then((server) => server.stop()));
  const statuses = await Promise.all(
    [...QUESTIONS, ...QUESTIONS].map((question) => firstAnswer(`http://127.0.0.1:${port}/api/2.0/mlflow/${question}`)),
  );
  expect(statuses).toEqual(statuses.map(() => 200));
});

test('kill -9 while a new server makes its tables leaves nothing that the next one stumbles over', async () => {
  const [home, port] = [temporaryFolder(), await freePort()];
  const staged = join(home, 'mlflow', 'mlflow.db.new');
  const plan = mlflowServerPlan({ python: inject('python'), home, port });
  const killing = startServer(
    {
      ...plan,
      onSpawn: ({ pid }) => void whenThere(staged).then(() => process.kill(pid, 'SIGKILL')),
    },
    `127.0.0.1:${port}`,
  );
  await expect(killing).rejects.toThrow(/killed by SIGKILL/);
  expect(existsSync(staged)).toBe(true);
  expect(existsSync(join(home, 'mlflow', 'mlflow.db'))).toBe(false);
  const server = await startTestMlflow(inject('python'), home, port);
  onTestFinished(() => server.stop());
  expect(await firstAnswer(`${server.url}/api/2.0/mlflow/model-versions/search`)).toBe(200);
});

/** The status of the first answer, once somebody listens. */
async function firstAnswer(url: string): Promise<number> {
  for (;;) {
    const answer = await fetch(url).catch(() => null);
    if (answer !== null) return answer.status;
    await sleep(20);
  }
}

async function whenThere(file: string): Promise<void> {
  while (!existsSync(file)) await sleep(5);
}
