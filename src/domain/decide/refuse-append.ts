import type { FailureType } from '../failure.js';
import type { LedgerBody, LedgerExpects, LedgerState } from '../ledger.js';

/**
 * Why a stranger may not write: the ledger belongs to one cluster and namespace until somebody takes it over.
 *
 * Pure; null where the writer owns it, or takes it over with this very record.
 */
export function refuseOwner(state: LedgerState, owner: string, body: LedgerBody): string | null {
  if (state.owner === owner) return null;
  if (body.kind === 'owner-changed' && body.owner === owner && body.from === state.owner) return null;
  return `expected the owner ${owner}, found ${state.owner}`;
}

/** Why the head is not what the writer saw when it decided, and which failure that is; null where it is. Pure. */
export function refuseExpectation(state: LedgerState, { generation, openCycle, ...inForce }: LedgerExpects): Refusal | null {
  if (generation !== undefined && generation !== state.generation) {
    const champion = state.champion?.version ?? 'none';
    return {
      type: 'ChampionChanged',
      reason: `expected generation ${generation}, found ${state.generation}: the champion is now ${champion}`,
    };
  }
  if (openCycle !== undefined && openCycle !== state.openCycle) {
    return { type: 'LedgerConflict', reason: `expected ${describeCycle(openCycle)}, found ${describeCycle(state.openCycle)}` };
  }
  for (const field of ['specDigest', 'codeDigest', 'paused'] as const) {
    const expected = inForce[field];
    if (expected !== undefined && expected !== state[field]) {
      return { type: 'LedgerConflict', reason: `expected ${field} ${expected}, found ${state[field] ?? 'none'}` };
    }
  }
  return null;
}

/** The failure that a refused append becomes, and why. */
export interface Refusal {
  readonly type: FailureType;
  readonly reason: string;
}

function describeCycle(cycle: number | null): string {
  return cycle === null ? 'no open cycle' : `cycle ${cycle} open`;
}
