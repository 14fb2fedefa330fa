import { ModelSpec } from '../../src/domain/model-spec.js';

export interface SpecChange {
  readonly features?: readonly { readonly name: string; readonly type: 'number' | 'category' }[];
  readonly gates?: Record<string, unknown>;
  readonly approval?: Record<string, unknown>;
  readonly trainer?: Record<string, unknown>;
  readonly triggers?: Record<string, unknown>;
  readonly refit?: 'none' | 'afterPass';
  readonly retention?: Readonly<Record<string, unknown>>;
  readonly registry?: Record<string, unknown>;
  readonly serving?: Record<string, unknown>;
  readonly rollout?: Record<string, unknown>;
  readonly monitoring?: Record<string, unknown>;
  readonly notices?: readonly { readonly to: readonly string[]; readonly on?: readonly string[] }[];
  readonly tier?: 'low' | 'medium' | 'high';
}

/** Serving and a rollout whose windows are a tenth of a second long and whose named regressions are coarse. */
export const SERVED = {
  serving: {},
  rollout: {
    alpha: 0.05,
    steps: [
      { kind: 'shadow', bakeSeconds: 1, bakeSecondsMax: 60 },
      { kind: 'canary', weightPercent: 25, bakeSeconds: 1, bakeSecondsMax: 60 },
      { kind: 'full', bakeSeconds: 1, bakeSecondsMax: 60 },
    ],
    bake: { seconds: 3600, compare: 'holdback', holdbackPercent: 10 },
    metrics: [{ kind: 'errors', margin: 0.2, detect: 16 }],
    windowSeconds: 0.1,
    errorSecondsMax: 60,
    traffic: { requestsPerSecond: 100, errorShare: 0.02 },
  },
} as const;

/** The spec of a small model; ana, ben or a risk officer (cleo, dan) may sign. */
export function modelSpec(name: string, change: SpecChange = {}): ModelSpec {
  return ModelSpec.parse({
    apiVersion: 'ratchet.dev/v1',
    kind: 'Model',
    metadata: { name, owner: 'ml-team', tier: change.tier ?? 'medium' },
    spec: {
      data: {
        source: { kind: 'python', entrypoint: 'rows:load', files: ['rows.py'] },
        timeColumn: 'time',
        window: { days: 90, holdoutDays: 28 },
        label: { column: 'late', delayHours: 24 },
        features: change.features ?? [{ name: 'distance', type: 'number' }],
      },
      trainer: { command: ['python', 'train.py'], timeLimitSeconds: 600, ...change.trainer },
      evaluation: { metrics: ['auc', 'logLoss'], resampleBy: 'day' },
      gates: {
        whenNoChampion: 'requireApproval',
        absolute: [{ metric: 'auc', min: 0.65 }],
        againstChampion: [{ metric: 'auc', test: 'superiority' }],
        ...change.gates,
      },
      approval: { signers: [{ name: 'ana' }, { name: 'ben' }, { role: 'risk', members: ['cleo', 'dan'] }], ...change.approval },
      refit: change.refit ?? 'none',
      triggers: change.triggers ?? {},
      ...(change.registry && { registry: change.registry }),
      ...(change.serving && { serving: change.serving }),
      ...(change.rollout && { rollout: change.rollout }),
      ...(change.monitoring && { monitoring: change.monitoring }),
      ...(change.notices && { notices: change.notices }),
      ...(change.retention && { retention: change.retention }),
    },
  });
}
