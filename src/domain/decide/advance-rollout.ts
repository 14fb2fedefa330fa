import type { AnalysisPhase } from '../analysis.js';
import type { RolloutCommand, RolloutPhase, RolloutPlan, RolloutState } from '../rollout.js';

export type RolloutEvent =
  | { readonly kind: 'prepared' }
  /** What the watch of a step or of the bake ended with: a decision, or the end of its time. */
  | { readonly kind: 'watched'; readonly phase: AnalysisPhase; readonly reason: string }
  | { readonly kind: 'promoted' }
  /** Something else than the analysis says that it cannot go on: a server that never got ready, a refused record. */
  | { readonly kind: 'broken'; readonly reason: string }
  | { readonly kind: 'trafficBack' }
  | ({ readonly kind: 'commanded' } & RolloutCommand);

const ENDS: readonly RolloutPhase[] = ['Promoted', 'Baked', 'TurnedBack'];

export const initialRollout: RolloutState = {
  phase: 'Preparing',
  stepIndex: 0,
  paused: false,
  isStepDone: false,
  turnsBackNext: false,
  reason: 'preparing',
  requestedBy: 'ratchet',
};

/** The state in which the watch over a promoted version begins. */
export function initialBake(turnsBack: RolloutCommand | null, paused: boolean): RolloutState {
  const baking: RolloutState = { ...initialRollout, phase: 'Baking', paused, reason: 'promoted' };
  return turnsBack === null ? baking : turnBack(baking, turnsBack.reason, turnsBack.requestedBy);
}

export function hasEnded({ phase }: RolloutState): boolean {
  return ENDS.includes(phase);
}

/**
 * The whole state machine of a rollout and of the bake after it: given what happened, what holds next.
 *
 * Pure and total: no clock, no I/O, never throws. Only `Successful` or a person moves forward; `Failed` always turns back,
 * and so does a step that ends undecided or unmeasured. Within a bake, time that ends without harm is enough, and what
 * cannot be measured is told, not acted on: the version is in force already.
 */
export function advanceRollout(plan: RolloutPlan, state: RolloutState, event: RolloutEvent): RolloutState {
  if (hasEnded(state)) return state;
  if (state.phase === 'TurningBack') return event.kind === 'trafficBack' ? { ...state, phase: 'TurnedBack' } : state;
  switch (event.kind) {
    case 'prepared':
      return state.phase === 'Preparing' ? enterStep(plan, { ...state, phase: 'Progressing', reason: 'prepared' }, 0) : state;
    case 'watched':
      return watched(plan, state, event);
    case 'promoted':
      return state.phase === 'Promoting' ? { ...state, phase: 'Promoted', reason: 'every step passed' } : state;
    case 'broken':
      return turnBack(state, event.reason, 'ratchet');
    case 'trafficBack':
      return state;
    case 'commanded':
      return commanded(plan, state, event);
  }
}

/** Why a command comes to nothing in this state, in words for the one who asks; null: it is obeyed. Pure. */
export function refuseCommand(state: RolloutState, { command }: RolloutCommand): string | null {
  if (hasEnded(state)) return `it is over: ${state.phase}, ${state.reason}`;
  if (state.phase === 'TurningBack') {
    return command === 'abort' || command === 'rollback' ? null : `it is turning back (${state.reason}): that is not interrupted`;
  }
  if (command === 'pause' && state.paused) return 'it is already paused';
  if (command === 'resume' && !state.paused) return 'it is not paused';
  if ((command === 'skip' || command === 'promote') && state.phase === 'Promoting') return 'the promotion is under way';
  if ((command === 'skip' || command === 'promote') && state.phase === 'Preparing') {
    return 'its servers are not proven yet: no step can be skipped before they are';
  }
  return null;
}

function watched(plan: RolloutPlan, state: RolloutState, { phase, reason }: Extract<RolloutEvent, { kind: 'watched' }>): RolloutState {
  if (state.phase === 'Baking') return phase === 'Failed' ? turnBack(state, reason, 'ratchet') : bakeWatched(state, phase, reason);
  if (state.phase !== 'Progressing') return state;
  switch (phase) {
    case 'Successful':
      if (state.paused) return { ...state, isStepDone: true, reason };
      return enterStep(plan, { ...state, reason }, state.stepIndex + 1);
    case 'Failed':
    case 'Error':
      return turnBack(state, reason, 'ratchet');
    case 'Inconclusive':
      // While somebody looks at it, it has as long as they need.
      return state.paused ? { ...state, reason } : turnBack(state, reason, 'ratchet');
  }
}

function bakeWatched(state: RolloutState, phase: AnalysisPhase, reason: string): RolloutState {
  if (state.paused || phase === 'Error') return { ...state, reason };
  return { ...state, phase: 'Baked', reason };
}

function commanded(
  plan: RolloutPlan,
  state: RolloutState,
  { command, requestedBy, reason }: Extract<RolloutEvent, { kind: 'commanded' }>,
): RolloutState {
  if (refuseCommand(state, { command, requestedBy, reason }) !== null) return state;
  const said = { reason: reason === '' ? command : reason, requestedBy };
  switch (command) {
    case 'pause':
      return { ...state, ...said, paused: true };
    case 'resume':
      return state.isStepDone
        ? enterStep(plan, { ...state, ...said, paused: false }, state.stepIndex + 1)
        : { ...state, ...said, paused: false };
    case 'skip':
      if (state.phase === 'Baking') return { ...state, ...said, phase: 'Baked' };
      return enterStep(plan, { ...state, ...said }, state.stepIndex + 1);
    case 'promote':
      if (state.phase === 'Baking') return { ...state, ...said, phase: 'Baked' };
      return enterStep(plan, { ...state, ...said, paused: false }, plan.steps.length);
    case 'abort':
    case 'rollback':
      // The ledger may already say so: turned back as soon as it is known.
      if (state.phase === 'Promoting') return { ...state, ...said, turnsBackNext: true };
      return turnBack(state, said.reason, requestedBy);
  }
}

/** A step after the last one is the promotion. */
function enterStep({ steps }: RolloutPlan, state: RolloutState, stepIndex: number): RolloutState {
  const next = { ...state, isStepDone: false };
  return stepIndex < steps.length ? { ...next, stepIndex } : { ...next, phase: 'Promoting' };
}

function turnBack(state: RolloutState, reason: string, requestedBy: string): RolloutState {
  return { ...state, phase: 'TurningBack', paused: false, isStepDone: false, turnsBackNext: false, reason, requestedBy };
}
