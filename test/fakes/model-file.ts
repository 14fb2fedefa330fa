import { ModelSpec } from '../../src/domain/model-spec.js';

export interface SpecChange {
  readonly gates?: Record<string, unknown>;
  readonly approval?: Record<string, unknown>;
  readonly trainer?: Record<string, unknown>;
  readonly triggers?: Record<string, unknown>;
  readonly refit?: 'none' | 'afterPass';
  readonly retention?: { snapshotDays?: number; cyclesMin?: number };
  readonly tier?: 'low' | 'medium' | 'high';
}

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
        features: [{ name: 'distance', type: 'number' }],
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
      ...(change.retention && { retention: change.retention }),
    },
  });
}
