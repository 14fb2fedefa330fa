import type { RolloutCommand } from '../domain/rollout.js';
import type { RolloutView } from '../workflows/messages.js';
import { bakeWorkflowId, rolloutWorkflowId } from '../workflows/messages.js';

/** Which workflow moves the traffic. */
export type TrafficPlace = Pick<RolloutView, 'kind' | 'cycle'>;

/**
 * Who obeys: the rollout, else the bake. A rollout that still prepares may wait for the bake before it: what would end that
 * wait (skip, promote) or turn the champion back (rollback) is meant for the bake. Pure.
 */
export function targetOf(open: readonly RolloutView[], { command }: Pick<RolloutCommand, 'command'>): RolloutView | null {
  const rollout = open.find(({ kind }) => kind === 'rollout');
  const bake = open.find(({ kind }) => kind === 'bake');
  const isForBake = rollout?.state.phase === 'Preparing' && ['skip', 'promote', 'rollback'].includes(command);
  return (isForBake ? (bake ?? rollout) : (rollout ?? bake)) ?? null;
}

/** Where to look, the rollout first. Pure. */
export function placesAt(openCycle: number | null, bakeCycle: number | null): TrafficPlace[] {
  return [
    ...(openCycle === null ? [] : [{ kind: 'rollout', cycle: openCycle } as const]),
    ...(bakeCycle === null ? [] : [{ kind: 'bake', cycle: bakeCycle } as const]),
  ];
}

export function workflowIdOf(model: string, { kind, cycle }: TrafficPlace): string {
  return kind === 'rollout' ? rolloutWorkflowId(model, cycle) : bakeWorkflowId(model, cycle);
}
