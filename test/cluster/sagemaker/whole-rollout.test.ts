import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { readAnswers } from '../../../src/adapters/prediction-log/logged-answers.js';
import { createS3ObjectStore } from '../../../src/adapters/s3/object-store.js';
import { MODEL } from '../../chaos/quick-stack.js';
import { startFakeSageMaker } from '../../fakes/sagemaker/server.js';
import { startTestVersitygw, type TestVersitygw } from '../../servers/versitygw.js';
import { startServedStack, type ServedStack } from '../../traffic/served-stack.js';
import { startSteadyCallers } from '../../traffic/steady-callers.js';
import { STEPS_FOLDER } from '../real-training.js';

const python = inject('python');
const versitygw = inject('versitygw');
const ENDPOINT = `ratchet-${MODEL}`;
const STORE = 's3://rollouts/ratchet';

describe.skipIf(!versitygw)('a rollout on SageMaker’s stand-in (skipped without an S3 server)', () => {
  let home: string;
  let s3: TestVersitygw;
  let fake: Awaited<ReturnType<typeof startFakeSageMaker>>;
  let stack: ServedStack | undefined;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'ratchet-rollout-'));
    s3 = await startTestVersitygw(versitygw!, join(home, 's3'));
    mkdirSync(join(s3.folder, 'rollouts'));
    const image = {
      ...s3.environment,
      PATH: [dirname(python), process.env.PATH].join(delimiter),
      PYTHONPATH: STEPS_FOLDER,
      RATCHET_SERVE_EXAMPLE_FAULTS: '1',
      OMP_NUM_THREADS: '1',
      HOME: home,
    };
    fake = await startFakeSageMaker({ home, buckets: '', image, entrypoint: [python, '-m', 'ratchet_serve.container'], unwellMs: 60_000 });
  });
  afterAll(async () => {
    await stack?.stop();
    await fake?.stop();
    await s3?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  /** The file of a laptop, with where it is served and what CloudWatch can tell of that. */
  async function startStack(): Promise<ServedStack> {
    const alarms = ['checkout-slow'];
    fake.cloudWatch.setAlarm('checkout-slow', { state: 'OK', reason: '' }); // a worker that could not ask for it would promote nobody
    const cluster = { kind: 'sagemaker', image: 'server:1', machineType: 'ml.m5.large', metricsSeconds: 10, alarms };
    const edits = [
      ['  serving: { timeoutMs: 30000, readySecondsMax: 300 }', `  serving: { readySecondsMax: 300, cluster: ${JSON.stringify(cluster)} }`],
      ['      - { kind: latency, margin: 1, detect: 16 }\n      - { kind: mean, margin: 0.1, detect: 0.4 }\n', ''],
      ['windowSeconds: 0.5', 'windowSeconds: 10'],
      ['alpha: 0.05', 'alpha: 0.2'],
      ...['shadow,', 'canary, weightPercent: 30,', 'full,'].map(
        (kind) => [`${kind} bakeSeconds: 1, bakeSecondsMax: 400`, `${kind} bakeSeconds: 10, bakeSecondsMax: 400`] as const,
      ),
    ] as const;
    const extra = {
      ...s3.environment,
      ...fake.environment,
      RATCHET_STORE_URI: STORE,
      RATCHET_SAGEMAKER_SERVING_ROLE_ARN: 'arn:aws:iam::000000000000:role/ratchet-server',
      RATCHET_CLOUDWATCH_LAG_SECONDS: '1',
    };
    return startServedStack(edits, extra, [], edits, join(s3.folder, 'rollouts', 'ratchet'));
  }

  test('a harmless challenger gets copies, a share, all of it and is promoted; one that fails is turned back, and nobody notices', async () => {
    stack = await startStack();
    const inputs = [{ name: 'distance', shape: [1], datatype: 'FP64', data: [700] }];
    const callers = startSteadyCallers({
      url: `${fake.environment.AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME}/endpoints/${ENDPOINT}/invocations`,
      callers: 4,
      pauseMs: 60,
      body: () => JSON.stringify({ inputs }),
      versionHeader: 'x-amzn-invoked-production-variant',
    });
    try {
      const harmless = await stack.challenge({});
      await stack.body(harmless, 'exposed');
      fake.endpoints.hold(true); // SageMaker takes its time for a shadow: longer than the minute that a shift has elsewhere
      await sleep(70_000);
      fake.endpoints.hold(false);
      const { outcome, reason } = await stack.body(harmless, 'cycle-ended', 600); // CloudWatch has its own pace
      expect(outcome, reason).toBe('promoted');
      await stack.body(harmless, 'baked');
      expect(await split()).toEqual({ [`${MODEL}-${harmless}`]: 100 });
      expect([...callers.answered.keys()]).toContain(`${MODEL}-${harmless}`);
      expect(callers.failures).toEqual([]);
      const wrong = await stack.challenge({ error_share: 0.5 });
      const withdrawn = await stack.body(wrong, 'withdrawn');
      expect(withdrawn.reason).toMatch(/errors: more errors/);
      expect(await stack.outcomeOf(wrong)).toBe('rejected');
      expect(await split()).toEqual({ [`${MODEL}-${harmless}`]: 100 });
      fake.cloudWatch.setAlarm('checkout-slow', { state: 'ALARM', reason: 'Threshold Crossed' });
      const unlucky = await stack.challenge({});
      expect((await stack.body(unlucky, 'withdrawn')).reason).toMatch(/alarm checkout-slow is in ALARM: Threshold Crossed/);
      expect(await stack.outcomeOf(unlucky)).toBe('rejected');
      expect(callers.failures).toEqual([]); // they had copies alone
    } finally {
      await callers.stop();
    }
    expect((await stack.cli(['replay', MODEL])).code).toBe(0);
    // What the servers wrote down is what means and distributions are counted from.
    const store = createS3ObjectStore({ uri: STORE, environment: s3.environment });
    const [key] = await store.list(`predictions/${MODEL}/`, { limit: 1 });
    const answers = await readAnswers((await store.get(key!))!);
    expect(answers.length).toBeGreaterThan(0);
    for (const { instance, output, timeMs } of answers)
      expect([instance.startsWith(`${MODEL}-`), output >= 0 && output <= 1, Math.abs(timeMs - Date.now()) < 3_600_000]).toEqual([
        true,
        true,
        true,
      ]);
  }, 1_200_000);

  /** Who is sent requests, and who gets copies, as SageMaker says. */
  async function split(): Promise<Record<string, number>> {
    const { ProductionVariants = [], ShadowProductionVariants = [] } = fake.endpoints.operations.DescribeEndpoint!({
      EndpointName: ENDPOINT,
    }) as Record<string, { VariantName: string; CurrentWeight: number }[] | undefined>;
    expect(ShadowProductionVariants).toEqual([]);
    return Object.fromEntries(
      ProductionVariants.filter(({ CurrentWeight }) => CurrentWeight > 0).map((one) => [one.VariantName, one.CurrentWeight]),
    );
  }
});
