import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createS3ObjectStore } from '../../../src/adapters/s3/object-store.js';
import { readRecords } from '../../../src/client/ledger-view.js';
import { startQuickStack, type QuickStack } from '../../chaos/quick-stack.js';
import { startFakeSageMaker } from '../../fakes/sagemaker/server.js';
import { startTestS3, type TestS3 } from '../../servers/versitygw.js';
import { STEPS_FOLDER } from '../real-training.js';
import { onSageMaker } from './sagemaker-in-test.js';

const versitygw = inject('versitygw');
const modelFolder = fileURLToPath(new URL('../../wiring/model', import.meta.url));
const MODEL = 'wiring';
const STORE = 's3://cycles/ratchet';

describe.skipIf(!versitygw)('a cycle on SageMaker’s stand-in (skipped without an S3 server)', () => {
  let home: string;
  let s3: TestS3;
  let fake: Awaited<ReturnType<typeof startFakeSageMaker>>;
  let stack: QuickStack;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'ratchet-cycle-'));
    s3 = await startTestS3(versitygw!, join(home, 's3'));
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

  /** A cycle over the same rows as any other. */
  async function promotedOver(asOf: string) {
    const ran = await stack.cli(['trigger', MODEL, '--as-of', asOf, '--wait', '--timeout', '3m', '-o', 'json']);
    expect(ran.code, ran.output).toBe(0);
    const { cycle } = JSON.parse(ran.output.slice(ran.output.indexOf('{'))) as { cycle: number };
    const records = await readRecords(createS3ObjectStore({ uri: STORE, environment: s3.environment }), MODEL);
    const promoted = records.flatMap(({ body }) => (body.kind === 'promoted' && body.cycle === cycle ? [body.version] : []));
    return { cycle, model: promoted[0]!.model };
  }

  test('the model file that trains here trains there by one block more, and gives the same model', async () => {
    const here = await promotedOver('2024-04-01');
    const file = readFileSync(stack.modelFile, 'utf8');
    writeFileSync(stack.modelFile, file.replace(/^( *)timeLimitSeconds: 120$/m, `$&\n$1cluster: ${JSON.stringify(onSageMaker)}`));
    const applied = await stack.cli(['apply', '-f', stack.modelFile]);
    expect(applied.code, applied.output).toBe(0);

    const before = fake.calls.length;
    const there = await promotedOver('2024-04-01');
    expect(there.model).toEqual(here.model);
    expect(fake.calls.slice(before).filter((call) => call === 'CreateTrainingJob')).toHaveLength(1);
    const audit = await stack.cli(['audit', 'verify', MODEL]);
    expect(audit.output).toContain(`${MODEL}: holds`);
  });
});
