import type { ModelSpec } from '../model-spec.js';

/**
 * The spec for a rehearsal: the same rows' source, checks, trainer, measures and gates over few days, and nothing after the
 * verdict. It is its own spec, with its own digest: what it finds proves that the parts work together, not that the model is good.
 *
 * Pure.
 * @param days of the whole window; the holdout keeps its part, at most a third
 */
export function drySpec(whole: ModelSpec, days: number): ModelSpec {
  const { serving: _serving, rollout: _rollout, monitoring: _monitoring, ...spec } = whole.spec;
  const { holdoutDays } = spec.data.window;
  const window = { days, holdoutDays: Math.max(1, Math.min(holdoutDays, Math.floor(days / 3))), rowsMin: 1 };
  return {
    ...whole,
    spec: {
      ...spec,
      data: { ...spec.data, window },
      refit: 'none',
      // No champion is here to be compared with, and nobody is: the verdict is all that is wanted.
      gates: { ...spec.gates, whenNoChampion: 'requireApproval' },
      approval: { ...spec.approval, requiredFor: 'always' },
      triggers: { ...spec.triggers, schedules: [] },
    },
  };
}
