import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { ApprovalState, Vote } from '../domain/approval.js';
import { DECIDED_SIGNAL } from '../domain/decide/decided-signal.js';
import { JOB_PROGRESS_SIGNAL } from '../domain/decide/job-watch.js';
import type { RolloutLook } from '../domain/decide/rollout-details.js';
import type { ArmInstances } from '../domain/decide/traffic-splits.js';
import type { QueuedTrigger, SeenKey as RememberedKey } from '../domain/decide/next-trigger.js';
import type { TimeRange } from '../domain/dataset.js';
import type { Digest } from '../domain/digest.js';
import type { Stage, StageResult } from '../domain/evidence.js';
import type { Failure } from '../domain/failure.js';
import type { Finding } from '../domain/finding.js';
import type { CycleOutcome } from '../domain/ledger.js';
import type { RolloutCommand, RolloutState } from '../domain/rollout.js';
import type { Route } from '../domain/serving.js';
import type { Trigger } from '../domain/trigger.js';
import type { Face } from '../domain/verdict.js';

/** Ids, message names and payload shapes live in histories: add, never rename. */

export const TASK_QUEUE = 'ratchet';
export const WATCH_TASK_QUEUE = 'ratchet-watch';

export const lifecycleWorkflowId = (model: string): string => `ratchet/${model}`;
export const cycleWorkflowId = (model: string, cycle: number): string => `ratchet/${model}/cycle/${cycle}`;
/** Shifts and watches of traffic: slots of their own, so that no number of trainings delays a turning back. */
export const TRAFFIC_TASK_QUEUE = 'ratchet-traffic';

export const rolloutWorkflowId = (model: string, cycle: number): string => `${cycleWorkflowId(model, cycle)}/rollout`;
export const bakeWorkflowId = (model: string, cycle: number): string => `${cycleWorkflowId(model, cycle)}/bake`;
/** One at a time per model. */
export const rollbackWorkflowId = (model: string): string => `ratchet/${model}/rollback`;
export const reconcileScheduleId = 'ratchet:reconcile';
export const tendScheduleId = 'ratchet:tend';
export const scheduleId = (model: string): string => `ratchet/${model}/schedule`;
/** The Schedule adds the time to it. */
export const monitorWorkflowId = (model: string): string => `ratchet/${model}/monitor`;
export const monitorScheduleId = (model: string): string => `ratchet/${model}/monitor-schedule`;

// ---- modelLifecycle ------------------------------------------------------------------------------------------------

export interface LifecycleInput {
  readonly model: string;
  /** Carried over continue-as-new; absent at the very start. */
  readonly carried?: CarriedLifecycle;
}

export interface SeenKey extends RememberedKey {
  /** The cycle that it became; null while it waits, or where it was dropped. */
  readonly cycle: number | null;
  /** Why no cycle came of it. */
  readonly dropped?: string;
}

export interface CarriedLifecycle {
  readonly queue: readonly QueuedTrigger[];
  readonly seenKeys: readonly SeenKey[];
  readonly lastCycleEndedAtMs: number | null;
  readonly startedAtMs: readonly number[];
  /** When webhooks fired that were too few to start anything. */
  readonly firingsMs?: readonly number[];
  /** The cycle that was open when the last run ended: its end may fall between two runs. */
  readonly openCycle?: number | null;
}

export interface ApplyRequest {
  readonly specDigest: Digest;
  readonly codeDigest: Digest;
  readonly requestedBy: string;
}
export interface ApplyReply {
  readonly changed: boolean;
  readonly specDigest: Digest;
}
export interface PauseRequest {
  readonly requestedBy: string;
  readonly reason: string;
}
export interface PauseServingRequest extends PauseRequest {
  /** What monitoring measured; null: a person saw it. */
  readonly documentDigest: Digest | null;
  /** The name of a machine's wish: asked again, however much later, it is the same one. null: a person asks now. */
  readonly wish: string | null;
}
export interface ServingReply {
  /** As the ledger says; false after a pause: it cannot be, or somebody has resumed since. */
  readonly isPaused: boolean;
  /** Why the proxy does not do so yet: it is told again every minute; null: it does. */
  readonly trouble: string | null;
}
export interface TriggerReply {
  readonly key: string;
  /** The same key was asked before. */
  readonly duplicate: boolean;
  /** Triggers before this one. */
  readonly position: number;
}
export interface CycleEnded {
  readonly cycle: number;
  readonly outcome: CycleOutcome;
  /** false: promoted, but the registry could not be told yet. */
  readonly isProjected?: boolean;
}
export interface BacktestedRequest {
  readonly policyDigest: Digest;
  readonly comparisons: number;
  readonly requestedBy: string;
}

export interface LifecycleState {
  readonly model: string;
  readonly paused: boolean;
  readonly specDigest: Digest | null;
  readonly codeDigest: Digest | null;
  readonly generation: number;
  readonly champion: { readonly version: string; readonly cycle: number } | null;
  readonly openCycle: number | null;
  readonly queue: readonly QueuedTrigger[];
  readonly seenKeys: readonly SeenKey[];
  /** What keeps the loop from going on (ledger unreachable, foreign owner) and what to do about it, in words; null: nothing. */
  readonly trouble: string | null;
}

export const applyUpdate = defineUpdate<ApplyReply, [ApplyRequest]>('apply');
export const triggerUpdate = defineUpdate<TriggerReply, [Trigger]>('trigger');
export const triggerSignal = defineSignal<[Trigger]>('triggerSignal');
export const pauseUpdate = defineUpdate<void, [PauseRequest]>('pause');
export const resumeUpdate = defineUpdate<void, [PauseRequest]>('resume');
export const pauseServingUpdate = defineUpdate<ServingReply, [PauseServingRequest]>('pauseServing');
export const resumeServingUpdate = defineUpdate<ServingReply, [PauseRequest]>('resumeServing');
export const backtestedUpdate = defineUpdate<void, [BacktestedRequest]>('backtested');
export const cycleEndedSignal = defineSignal<[CycleEnded]>('cycleEnded');
export const lifecycleStateQuery = defineQuery<LifecycleState>('lifecycleState');

// ---- retrainCycle --------------------------------------------------------------------------------------------------

export interface CycleInput {
  readonly model: string;
  /** The sequence of its `cycle-started` record. A cycle without one refuses to run. */
  readonly cycle: number;
}

export type StagePhase = 'Waiting' | 'Running' | 'Succeeded' | 'Skipped' | 'Failed';

export interface StageState {
  readonly stage: Stage;
  readonly phase: StagePhase;
  readonly attempt: number;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly result: StageResult | null;
  /** One line for people: what it does or why it failed. */
  readonly note: string;
}

export interface CycleState {
  readonly model: string;
  readonly cycle: number;
  readonly asOf: string | null;
  readonly stages: readonly StageState[];
  readonly verdict: { readonly face: Face; readonly next: string; readonly reasons: readonly string[] } | null;
  readonly candidateDigest: Digest | null;
  readonly version: string | null;
  readonly approval: ApprovalState | null;
  /** null while it runs. */
  readonly outcome: CycleOutcome | null;
  readonly reason: string;
  readonly failure: Failure | null;
}

export interface VoteReply {
  readonly outcome: 'approved' | 'rejected' | 'timedOut' | null;
  readonly approvals: number;
  readonly quorum: number;
}
export interface AbortRequest {
  readonly requestedBy: string;
  readonly reason: string;
}

export const voteUpdate = defineUpdate<VoteReply, [Vote]>('vote');
/** The same as the update; a refusal stands in the record (cycleState.approval.refused) instead of the reply. */
export const voteSignal = defineSignal<[Vote]>('voteSignal');
/** Told by the watch of a training, some sixteen times in all. */
export interface JobProgressTold {
  readonly stage: Stage;
  readonly attempt: number;
  readonly words: string;
}
export const jobProgressSignal = defineSignal<[JobProgressTold]>(JOB_PROGRESS_SIGNAL);
/** Another champion than this cycle started with: a rollback, while it went on. */
export const championChangedSignal = defineSignal('championChanged');
export const abortUpdate = defineUpdate<void, [AbortRequest]>('abort');
export const cycleStateQuery = defineQuery<CycleState>('cycleState');

// ---- rolloutModel and bakeChampion ---------------------------------------------------------------------------------

export interface RolloutInput {
  readonly model: string;
  readonly cycle: number;
  readonly evidence: Readonly<Partial<Record<Stage, Digest>>>;
  readonly candidateDigest: Digest;
  readonly becomesAnchor: boolean;
  /** Why it may be promoted, for the record. */
  readonly reason: string;
}

export interface RolloutResult {
  readonly phase: 'Promoted' | 'TurnedBack';
  readonly reason: string;
  /** Why it was turned back where nothing was wrong with the challenger (another champion meanwhile, a server down); null: by a verdict or a person. */
  readonly failure: Failure | null;
  /** false: promoted, but the registry could not be told yet. */
  readonly isProjected: boolean;
}

export interface BakeInput {
  readonly model: string;
  readonly cycle: number;
  /** What the rollout's watch knew at its end; absent where the bake was started anew. */
  readonly analysis?: unknown;
  /** Digest of the last document of traffic that was seen. */
  readonly seen?: Digest | null;
  /** Somebody asked to turn back while the promotion was being written. */
  readonly turnsBack?: RolloutCommand;
  readonly paused?: boolean;
  /** Who answers, so that turning back needs no store; absent where the bake was started anew. */
  readonly instances?: ArmInstances;
}

/** What people see of a rollout or a bake. */
export interface RolloutView extends RolloutLook {
  /** What was last asked of the router; null: nothing yet. */
  readonly split: Pick<Route, 'splits' | 'mirror' | 'shift'> | null;
  readonly since: string;
}

export interface CommandReply {
  readonly phase: RolloutState['phase'];
  readonly reason: string;
}

export const commandUpdate = defineUpdate<CommandReply, [RolloutCommand]>('command');
/** The same, for who has no reply: a refusal stands in the note. */
export const commandSignal = defineSignal<[RolloutCommand]>('commandSignal');
/** The champion has baked, or was rolled back: what waits for it may look again. */
export const bakeEndedSignal = defineSignal('bakeEnded');
export const rolloutStateQuery = defineQuery<RolloutView>('rolloutState');

// ---- rollbackModel -------------------------------------------------------------------------------------------------

export interface RollbackInput {
  readonly model: string;
  /** A version that once was champion; null: the one before the champion. */
  readonly to: string | null;
  readonly requestedBy: string;
  readonly reason: string;
}
export interface RollbackResult {
  readonly from: string;
  readonly to: string;
  /** null: the model answers no requests. */
  readonly trafficBackAt: string | null;
}

// ---- requestCycle --------------------------------------------------------------------------------------------------

/** Started by the Temporal Schedule of a model; signals the lifecycle with the scheduled time as the key. */
export interface RequestCycleInput {
  readonly model: string;
}

// ---- monitorModel --------------------------------------------------------------------------------------------------

/** Started by the monitoring Schedule of a model, or by a person. */
export interface MonitorModelInput {
  readonly model: string;
  /** Absent: as the spec says. */
  readonly windowHours?: number;
  /** Absent: the schedule. */
  readonly requestedBy?: string;
}
export interface MonitorModelResult {
  readonly model: string;
  /** null: no version is in force that could be looked at. */
  readonly window: TimeRange | null;
  readonly documentDigest: Digest | null;
  readonly findings: readonly Finding[];
  /** What was done about them, in words. */
  readonly done: readonly string[];
}

// ---- deliverNotice -------------------------------------------------------------------------------------------------

export const decidedSignal = defineSignal(DECIDED_SIGNAL);
