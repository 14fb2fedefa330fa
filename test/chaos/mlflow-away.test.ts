import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject, test } from 'vitest';
import { startTestMlflow } from '../servers/mlflow.js';
import { removeFolder } from '../temporary-folder.js';
import { isReached, records } from './kill-point.js';
import { startQuickStack } from './quick-stack.js';
import { surviveBlow } from './survive-kill.js';
import { until } from './until.js';

test('a cycle waits for an MLflow that is away for a minute, and registers once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-mlflow-away-'));
  let mlflow = await startTestMlflow(inject('python'), folder);
  const stack = await startQuickStack({ extra: { MLFLOW_TRACKING_URI: mlflow.url } });
  try {
    await surviveBlow(stack, 'MLflow away for a minute', async (cycle) => {
      await until('the training', () => isReached(stack, 'train claimed', cycle));
      await mlflow.stop();
      await sleep(60_000); // the minute is what is tried
      expect(records(stack.home.storeFolder, cycle).map(({ body }) => body.kind)).toEqual(['cycle-started', 'judged']);
      mlflow = await startTestMlflow(inject('python'), folder, mlflow.port);
    });
  } finally {
    await stack.stop();
    await mlflow.stop();
    await removeFolder(folder);
  }
});
