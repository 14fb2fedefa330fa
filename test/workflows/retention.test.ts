import { expect, test } from 'vitest';
import { backtestPolicy } from '../../src/client/audit/backtest-policy.js';
import { replayCycle } from '../../src/client/audit/replay-cycle.js';
import { verifyLedger } from '../../src/client/audit/verify-ledger.js';
import { collectGarbage } from '../../src/client/retention/collect-garbage.js';
import { modelSpec } from '../fakes/model-file.js';
import { useLoop } from './loop.js';
import { modelInTest } from './model-in-test.js';

const loop = useLoop('dev');

test('after a collection the past can still be verified, replayed and backtested, and a retry snapshots again', async () => {
  const model = modelInTest(loop());
  const { store, jobCluster } = loop();
  const change = { gates: { whenNoChampion: 'pass' }, retention: { snapshotDays: 1, cyclesMin: 1 } };
  const run = async (key: string, more: { asOf?: string; retryOf?: number }): Promise<number> => {
    await model.trigger({ key, ...more });
    const cycle = await model.cycleOf(key);
    await model
      .cycle(cycle)
      .result()
      .catch(() => undefined); // a cycle that fails throws; the ledger says how it ended
    return cycle;
  };
  await model.apply(change);
  const first = await run('first', { asOf: '2012-01-01T12:00:00Z' });
  const second = await run('second', { asOf: '2013-01-01T12:00:00Z' });
  jobCluster.script(model.name, 'evaluate', { kind: 'fail', type: 'JobFailed' });
  const failed = await run('fails', { asOf: '2014-01-01T12:00:00Z' });
  jobCluster.script(model.name, 'evaluate');
  const third = await run('third', { asOf: '2015-01-01T12:00:00Z' });
  const past = [first, second, third];
  const inTwoDays = Date.now() + 2 * 86_400_000;

  const collected = await collectGarbage(store, { isDeleting: true, nowMs: inTwoDays });
  expect(collected.datasets.map(({ cycle, keptBecause }) => [cycle, keptBecause])).toEqual([
    [first, null],
    [second, 'previous champion'],
    [failed, null],
    [third, 'champion'],
  ]);
  expect(collected.files.filter(({ usedBy }) => usedBy[0]?.cycle === failed)).toHaveLength(2);
  expect(await store.hasDigest(collected.files[0]!.digest)).toBe(false);

  expect((await verifyLedger(store, model.name, { evidence: true })).problems).toEqual([]);
  for (const cycle of past) expect((await replayCycle(store, model.name, cycle)).differences).toEqual([]);
  expect((await backtestPolicy(store, model.name, modelSpec(model.name, change))).cycles.map(({ changed }) => changed)).toEqual([
    false,
    false,
    false,
  ]);

  const retried = await run('again', { retryOf: failed });
  // Validation compares with the champion of today; the training is cited.
  expect(jobCluster.started(model.name, retried)).toEqual(['snapshot#1', 'validate#1', 'evaluate#1']);
  const lost = collected.files.filter(({ usedBy }) => usedBy[0]?.cycle === failed);
  expect(await Promise.all(lost.map(({ digest }) => store.hasDigest(digest)))).toEqual([true, true]);
});
