import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createS3ObjectStore } from '../../../src/adapters/s3/object-store.js';
import { startQuickStack, type QuickStack } from '../../chaos/quick-stack.js';
import { startFakeSageMaker } from '../../fakes/sagemaker/server.js';
import { startTestVersitygw, type TestVersitygw } from '../../servers/versitygw.js';
import { cycleOver, trainOn } from '../one-block-more.js';
import { STEPS_FOLDER } from '../real-training.js';
import { onSageMaker } from './sagemaker-in-test.js';

const versitygw = inject('versitygw');
const modelFolder = fileURLToPath(new URL('../../wiring/model', import.meta.url));
const MODEL = 'wiring';
const STORE = 's3://cycles/ratchet';

describe.skipIf(!versitygw)('a cycle on SageMaker’s stand-in (skipped without an S3 server)', () => {
  let home: string;
  let s3: TestVersitygw;
  let fake: Awaited<ReturnType<typeof startFakeSageMaker>>;
  let stack: QuickStack;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'ratchet-cycle-'));
    s3 = await startTestVersitygw(versitygw!, join(home, 's3'));
    mkdirSync(join(s3.folder, 'cycles'));
    const PATH = [dirname(inject('python')), process.env.PATH].join(delimiter);
    const image = { ...s3.environment, PATH, PYTHONPATH: STEPS_FOLDER, HOME: home, MLFLOW_TRACKING_URI: '' };
    fake = await startFakeSageMaker({ home, buckets: s3.folder, image });
    stack = await startQuickStack({
      modelFolder,
      steps: [STEPS_FOLDER],
      extra: {
        ...s3.environment,
        ...fake.environment,
        RATCHET_STORE_URI: STORE,
        RATCHET_SAGEMAKER_ROLE_ARN: 'arn:aws:iam::000000000000:role/ratchet-job',
      },
    });
  }, 240_000);
  afterAll(async () => {
    await stack?.stop();
    await fake?.stop();
    await s3?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  test('the model file that trains here trains there by one block more, and gives the same model', async () => {
    const store = createS3ObjectStore({ uri: STORE, environment: s3.environment });
    const here = await cycleOver(stack, store, MODEL, '2024-04-01');
    expect(here).toMatchObject({ outcome: 'promoted' });
    await trainOn(stack, onSageMaker);
    const before = fake.calls.length;
    const there = await cycleOver(stack, store, MODEL, '2024-04-01');
    expect(there).toMatchObject({ outcome: 'promoted' });
    expect(there.version!.model).toEqual(here.version!.model);
    expect(fake.calls.slice(before).filter((call) => call === 'CreateTrainingJob')).toHaveLength(1);
    const audit = await stack.cli(['audit', 'verify', MODEL]);
    expect(audit.output).toContain(`${MODEL}: holds`);
  });
});
