import type { ModelSpec } from '../../domain/model-spec.js';

/**
 * The model with a rollout that takes seconds instead of days: half-second windows, and only great harm has to be found
 * before a step passes. Without a router it is served and rolled out no more.
 */
export function compressRollout(whole: ModelSpec, { serves }: { serves: boolean }): ModelSpec {
  const { serving, rollout, ...spec } = whole.spec;
  if (!serves || serving === undefined || rollout === undefined) return { ...whole, spec };
  const times = { bakeSeconds: 2, bakeSecondsMax: 120 };
  return {
    ...whole,
    spec: {
      ...spec,
      serving,
      rollout: {
        ...rollout,
        steps: [
          { kind: 'canary', weightPercent: 25, ...times },
          { kind: 'full', ...times },
        ],
        bake: { seconds: 5, compare: 'holdback', holdbackPercent: 20 },
        metrics: [
          { kind: 'errors', weight: 1, margin: 0.5, detect: 16 },
          { kind: 'latency', weight: 1, margin: 1, detect: 8 },
          { kind: 'mean', of: 'score', weight: 1, min: 0, max: 1, direction: 'either', margin: 0.1, detect: 0.4 },
        ],
        windowSeconds: 0.5,
        traffic: { requestsPerSecond: 200, errorShare: 0.02 },
      },
    },
  };
}
