import type { RolloutSpec } from '../../rollout-spec.js';
import { addWindow, assess, beginAnalysis, beginStep } from '../analysis/analyse.js';
import { analysisPlanOf } from '../analysis/analysis-plan.js';
import { bakeSecondsOf } from '../step-times.js';
import { comparedPercents } from '../traffic-splits.js';
import { createTraffic, type Regression, type TrafficShape } from './simulate-traffic.js';

export interface SimulatedRollout {
  readonly outcome: 'passed' | 'turnedBack' | 'undecided';
  /** Until the outcome. */
  readonly seconds: number;
  /** To challenger and baseline together, until the outcome. */
  readonly requests: number;
  /** The step in which it ended. */
  readonly step: number;
}

/** Plays a rollout's steps on made traffic, window by window, by the very rules of the real one. Pure; the same for the same seed. */
export function simulateRollout(rollout: RolloutSpec, shape: TrafficShape, regression: Regression, seed: number): SimulatedRollout {
  const plan = analysisPlanOf(rollout, null, { isCompared: true });
  // Made traffic has no evaluation; labels are played by themselves, day by day (simulateLabels).
  const judged = { ...plan, metrics: plan.metrics.filter(({ spec }) => !['distribution', 'quality', 'kpi'].includes(spec.kind)) };
  const traffic = createTraffic(shape, regression, rollout.windowSeconds, seed);
  let state = beginAnalysis(judged);
  let [seconds, requests] = [0, 0];
  for (const [index, step] of rollout.steps.entries()) {
    state = beginStep(state);
    for (let inStep = rollout.windowSeconds; ; inStep += rollout.windowSeconds) {
      const window = traffic.next(comparedPercents(step, rollout), index);
      state = addWindow(judged, state, window);
      seconds += rollout.windowSeconds;
      requests += (window.arms.challenger?.units ?? 0) + (window.arms.baseline?.units ?? 0);
      const { phase } = assess(judged, state);
      if (phase === 'Failed') return { outcome: 'turnedBack', seconds, requests, step: index };
      if (phase === 'Successful' && inStep >= step.bakeSeconds) break;
      if (inStep >= bakeSecondsOf(step).bakeSecondsMax) return { outcome: 'undecided', seconds, requests, step: index };
    }
  }
  return { outcome: 'passed', seconds, requests, step: rollout.steps.length - 1 };
}
