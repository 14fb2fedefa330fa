import { describe, expect, test } from 'vitest';
import { replayCycle } from '../../../src/client/audit/replay-cycle.js';
import { verifyLedger } from '../../../src/client/audit/verify-ledger.js';
import { cycleEnded } from '../../ledger/sample-bodies.js';
import { arm, bootstrap, evaluation } from '../../domain/decide/evaluation.js';
import { createPastStory, model } from './past-story.js';

const noChampion = evaluation({ arms: { ...evaluation().arms, champion: null, anchor: null } });
const worse = evaluation({ differences: { champion: { auc: bootstrap(-0.02, 0.01) }, anchor: null, baseRate: {} } });

describe('replay', () => {
  test('makes the same decision again, for each cycle by the budget that it had', async () => {
    const story = await createPastStory();
    const cycles = [
      await story.run('t1', noChampion),
      await story.run('t2', worse),
      await story.run('t3', worse),
      await story.run('t4', evaluation()),
    ];
    const replays = await Promise.all(cycles.map((cycle) => replayCycle(story.store, model, cycle)));
    expect(replays.map(({ differences }) => differences)).toEqual([[], [], [], []]);
    expect(replays.map(({ recomputed }) => [recomputed.next, recomputed.comparison?.index ?? null])).toEqual([
      ['proceed', null],
      ['stop', 1],
      ['stop', 2],
      ['proceed', 3],
    ]);
  });

  test('the whole story verifies, with everything that its records cite', async () => {
    const story = await createPastStory();
    await story.run('t1', worse);
    expect((await verifyLedger(story.store, model, { evidence: true })).problems).toEqual([]);
  });

  test('sees that the ledger recorded another verdict than the judge left', async () => {
    const story = await createPastStory();
    await story.run('t1', noChampion);
    const stopped = await story.run('t2', worse);
    const { verdictDigest } = await replayCycle(story.store, model, stopped);
    const cycle = await story.start('t3');
    await story.append(`${cycle}`, { kind: 'judged', cycle, verdictDigest, face: 'pass', next: 'proceed', compared: true, reasons: [] });
    const { differences } = await replayCycle(story.store, model, cycle);
    expect(differences).toContainEqual({ field: 'judged.face', recorded: 'pass', recomputed: 'inconclusive' });
  });

  test('judges a refit again that was refused, and sees where it would pass today', async () => {
    const story = await createPastStory();
    const replayOf = async (trigger: string, rankCorrelation: number) => {
      const cycle = await story.run(trigger, noChampion, {
        rows: 2800,
        rankCorrelation,
        meanAbsoluteDifference: 0.01,
        probes: [{ name: 'null temp', passed: true, detail: '' }],
      });
      return replayCycle(story.store, model, cycle);
    };
    expect(await replayOf('t1', 0.5)).toMatchObject({ agreement: { face: 'fail' }, differences: [] });
    expect((await replayOf('t2', 0.97)).differences).toEqual([{ field: 'agreement.next', recorded: 'stop', recomputed: 'proceed' }]);
  });

  test('says why a cycle that was never judged cannot be replayed', async () => {
    const story = await createPastStory();
    const cycle = await story.start('t1');
    await expect(replayCycle(story.store, model, cycle)).rejects.toThrow('it is still open');
    await story.append(`${cycle}`, cycleEnded(cycle, { outcome: 'failed', stage: 'train', reason: 'out of memory' }));
    await expect(replayCycle(story.store, model, cycle)).rejects.toThrow('it ended failed in stage train: out of memory');
  });

  test('names the document whose bytes were changed', async () => {
    const story = await createPastStory();
    const cycle = await story.run('t1', evaluation({ arms: { ...evaluation().arms, challenger: arm() } }));
    const { evaluateDigest } = await replayCycle(story.store, model, cycle);
    const hex = evaluateDigest.slice('sha256:'.length);
    story.store.files.set(`objects/sha256/${hex.slice(0, 2)}/${hex}`, Buffer.from('{}'));
    await expect(replayCycle(story.store, model, cycle)).rejects.toMatchObject({ type: 'EvidenceCorrupt' });
  });

  test.for([1, 4, 99])('record %i starts no cycle', async (seq) => {
    const story = await createPastStory();
    await story.run('t1', worse);
    await expect(replayCycle(story.store, model, seq)).rejects.toMatchObject({ type: 'CycleUnknown' });
  });
});
