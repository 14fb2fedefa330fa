import { initialRollout } from '../../src/domain/decide/advance-rollout.js';
import type { RolloutState } from '../../src/domain/rollout.js';
import type { RolloutView } from '../../src/workflows/messages.js';

/** A rollout of three steps in its second: 10% of the requests. */
export function rolloutView({
  state,
  ...change
}: Partial<Omit<RolloutView, 'state'>> & { state?: Partial<RolloutState> } = {}): RolloutView {
  return {
    model: 'flights',
    cycle: 12,
    kind: 'rollout',
    version: 'flights-12+new',
    champion: 'flights-9+old',
    plan: {
      steps: [
        { kind: 'shadow', bakeSeconds: 600 },
        { kind: 'canary', weightPercent: 10, bakeSeconds: 1800, bakeSecondsMax: 7200 },
        { kind: 'full', bakeSeconds: 3600 },
      ],
      bake: { seconds: 7 * 86_400, compare: 'holdback', holdbackPercent: 5 },
    },
    state: { ...initialRollout, phase: 'Progressing', stepIndex: 1, reason: 'no harm found', ...state },
    note: 'watches step 2',
    split: {
      splits: [
        { arm: 'champion', instance: 'flights-9', weightPercent: 80 },
        { arm: 'challenger', instance: 'flights-12', weightPercent: 10 },
        { arm: 'baseline', instance: 'flights-9-fresh-12', weightPercent: 10 },
      ],
      mirror: null,
      shift: 7,
    },
    analysis: null,
    since: '2026-03-01T12:00:00Z',
    ...change,
  };
}
