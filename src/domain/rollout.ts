import type { BakeSpec, RolloutStep } from './rollout-spec.js';

/**
 * Where a rollout stands. Preparing: servers are started and proven, or it waits for the champion's bake to end. Promoting:
 * the last step has passed and the ledger is being written. Baking: promoted, and still watched. TurningBack: traffic is on
 * its way back. The others are ends.
 */
export type RolloutPhase = 'Preparing' | 'Progressing' | 'Promoting' | 'Baking' | 'TurningBack' | 'Promoted' | 'Baked' | 'TurnedBack';

export interface RolloutPlan {
  readonly steps: readonly RolloutStep[];
  /** null: nothing is watched after the promotion. */
  readonly bake: BakeSpec | null;
}

export interface RolloutState {
  readonly phase: RolloutPhase;
  readonly stepIndex: number;
  readonly paused: boolean;
  /** The step passed while it was paused: the next one starts with the resume. */
  readonly isStepDone: boolean;
  /** Somebody asked to turn back while the promotion was being written: it happens as soon as that is known. */
  readonly turnsBackNext: boolean;
  /** Why it is where it is, in one sentence. */
  readonly reason: string;
  /** Who brought it there: a person, or `ratchet`. */
  readonly requestedBy: string;
}

export type CommandName = 'pause' | 'resume' | 'skip' | 'promote' | 'abort' | 'rollback';

/** What a person asks of a rollout or a bake. */
export interface RolloutCommand {
  readonly command: CommandName;
  readonly requestedBy: string;
  readonly reason: string;
}
