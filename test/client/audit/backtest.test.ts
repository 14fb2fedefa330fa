import { describe, expect, test } from 'vitest';
import { backtestPolicy } from '../../../src/client/audit/backtest-policy.js';
import { policyDigestOf } from '../../../src/domain/policy.js';
import { arm, bootstrap, evaluation, mean } from '../../domain/decide/evaluation.js';
import { createPastStory, model, specWith } from './past-story.js';

const { arms } = evaluation();
const noChampion = evaluation({ arms: { ...arms, champion: null, anchor: null } });
const better = evaluation({ arms: { ...arms, challenger: arm({ metrics: { auc: 0.75, logLoss: 0.48, brier: 0.15 } }) } });
/** Not superior, but surely no worse. */
const equal = evaluation({ differences: { champion: { auc: bootstrap(0, 0.001), logLoss: mean(0, 0.001) }, anchor: null, baseRate: {} } });

/** Cycles: first champion, a better one, then one that is merely as good and was stopped. */
async function threeCycles() {
  const story = await createPastStory();
  const cycles = [await story.run('t1', noChampion), await story.run('t2', better), await story.run('t3', equal)];
  return { story, cycles };
}

const nonInferiority = { againstChampion: [{ metric: 'auc', test: 'nonInferiority', margin: 0.01 }] };

describe('backtest', () => {
  test('the policy in force would have changed nothing and costs nothing', async () => {
    const { story, cycles } = await threeCycles();
    const backtest = await backtestPolicy(story.store, model, specWith());
    expect(backtest).toMatchObject({ comparisons: 0, skipped: [] });
    expect(backtest.cycles.map(({ cycle, changed }) => [cycle, changed])).toEqual(cycles.map((cycle) => [cycle, false]));
    expect(backtest.sentences).toEqual(['3 judged cycles: 0 would have gone another way']);
  });

  test('a milder policy would have let the last one through, and that look is counted', async () => {
    const { story, cycles } = await threeCycles();
    const backtest = await backtestPolicy(story.store, model, specWith(nonInferiority));
    expect(backtest.cycles.map(({ changed, recomputed }) => [changed, recomputed.next])).toEqual([
      [false, 'proceed'],
      [false, 'proceed'],
      [true, 'proceed'],
    ]);
    expect(backtest.comparisons).toBe(1);
    expect(backtest.sentences[1]).toBe(
      `cycle ${cycles[2]} (as of 2026-03-01) was stopped and ended rejected; the new policy lets it through`,
    );
  });

  test('the same policy tried again is not counted again, until a promotion', async () => {
    const { story } = await threeCycles();
    const spec = specWith(nonInferiority);
    await story.append('b1', { kind: 'backtested', policyDigest: policyDigestOf(spec), comparisons: 1, requestedBy: 'ana' });
    expect((await backtestPolicy(story.store, model, spec)).comparisons).toBe(0);
    await story.run('t4', better);
    expect((await backtestPolicy(story.store, model, spec)).comparisons).toBe(0);
    await story.run('t5', equal);
    expect((await backtestPolicy(story.store, model, spec)).comparisons).toBe(1);
  });

  test('a stricter policy would have stopped the first, and says that later champions hang on that', async () => {
    const { story, cycles } = await threeCycles();
    const { cycles: judged, sentences } = await backtestPolicy(story.store, model, specWith({ absolute: [{ metric: 'auc', min: 0.74 }] }));
    expect(judged.map(({ changed, isAfterChange }) => [changed, isAfterChange])).toEqual([
      [true, false],
      [false, true],
      [false, true],
    ]);
    expect(sentences.join('\n')).toContain(`cycles after ${cycles[0]} met the champion that the old policy made`);
  });

  test('what the old evaluations did not measure is no data', async () => {
    const { story } = await threeCycles();
    const spec = specWith({ slices: [{ by: 'carrier', metric: 'auc' }] });
    spec.spec.evaluation.slices.push({ by: 'carrier' });
    const { cycles, sentences } = await backtestPolicy(story.store, model, spec);
    expect(cycles[1]?.recomputed.next).toBe('stop');
    expect(sentences.join('\n')).toContain('made by other settings');
  });

  test('skips what was never judged, with the reason', async () => {
    const { story } = await threeCycles();
    const cycle = await story.start('t4');
    expect((await backtestPolicy(story.store, model, specWith())).skipped).toEqual([{ cycle, reason: 'it was never judged' }]);
  });

  test('refuses a model file of another model', async () => {
    const { story } = await threeCycles();
    await expect(backtestPolicy(story.store, 'trains', specWith())).rejects.toThrow('metadata.name: expected trains, found flights');
  });
});
