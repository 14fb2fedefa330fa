import type { RolloutState } from '../../domain/rollout.js';

/** The phase, and what else holds: `Progressing (paused)`. Pure. */
export function phaseWords({ phase, paused, isStepDone, turnsBackNext }: RolloutState): string {
  const words = [paused ? 'paused' : '', isStepDone ? 'this step has passed' : '', turnsBackNext ? 'turns back next' : ''];
  const said = words.filter((word) => word !== '').join(', ');
  return phase + (said === '' ? '' : ` (${said})`);
}
