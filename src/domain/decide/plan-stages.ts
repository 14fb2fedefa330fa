import type { Stage } from '../evidence.js';

/** The stages of a cycle, in order. Without a refit, what was judged is the candidate. */
export function planStages({ refit }: { refit: boolean }): Stage[] {
  return [
    'snapshot',
    'validate',
    'train',
    'evaluate',
    'judge',
    ...(refit ? (['refit', 'agree'] as const) : []),
    'register',
    'approve',
    'rollout',
    'promote',
  ];
}
