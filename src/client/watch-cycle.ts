import { setTimeout as sleep } from 'node:timers/promises';
import { isClosed } from '../domain/closed-workflow.js';
import { RatchetError } from '../domain/failure.js';
import { JobStage } from '../domain/job.js';
import type { CycleState } from '../workflows/messages.js';
import type { CycleHandle } from './cycle-handle.js';
import type { ModelHandle } from './model-handle.js';

const JOB_STAGES: ReadonlySet<string> = new Set(JobStage.options);

export interface WatchOptions {
  readonly signal: AbortSignal;
  readonly pollMs?: number;
  /** A worker or server that is away for a while: watching goes on. */
  readonly onTrouble?: (message: string) => void;
}

export interface AwaitOptions extends WatchOptions {
  /** Once for each cycle that is in the way of the trigger. */
  readonly onWait?: (message: string) => void;
}

/**
 * Yields the state of a cycle at once and then at every look, until it has ended; that state is the last one.
 * A server or worker that restarts meanwhile is waited for.
 * @throws {RatchetError} CycleUnknown: the workflow was ended from outside (terminated) before it could say how it went
 */
export async function* watchCycle(cycle: CycleHandle, { signal, pollMs = 500, onTrouble }: WatchOptions): AsyncGenerator<CycleState> {
  let trouble = '';
  while (!signal.aborted) {
    try {
      const { status, jobWords } = await cycle.look();
      const state = await cycle.state();
      yield withJobWords(state, jobWords);
      if (state.outcome !== null) return;
      if (status !== null && isClosed(status)) return yield settled(cycle, state);
      trouble = '';
    } catch (error) {
      if (!isPassing(error)) throw error;
      if (error.message !== trouble) onTrouble?.((trouble = error.message));
    }
    await sleep(pollMs, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * Waits for a trigger to become a cycle.
 * @returns the cycle's number; null where the watching was interrupted
 * @throws {RatchetError} RequestRefused: it was dropped, with the reason
 */
export async function awaitCycleOf(
  model: ModelHandle,
  key: string,
  { signal, pollMs = 300, onTrouble, onWait }: AwaitOptions,
): Promise<number | null> {
  let trouble = '';
  let inTheWay: number | null = null;
  while (!signal.aborted) {
    try {
      const state = await model.state();
      const seen = state?.seenKeys.find((entry) => entry.key === key);
      if (seen && seen.cycle !== null) return seen.cycle;
      if (seen?.dropped !== undefined)
        throw new RatchetError('RequestRefused', `trigger ${key} of ${model.model} was dropped: ${seen.dropped}`);
      const message =
        state?.trouble ?? (state?.paused ? `${model.model} is paused: the trigger waits (\`ratchet resume ${model.model}\`)` : '');
      if (message && message !== trouble) onTrouble?.((trouble = message));
      // One that has left the queue is being started: the open cycle is its own.
      const open = state?.queue.some(({ trigger }) => trigger.key === key) ? state.openCycle : null;
      if (open !== null && open !== inTheWay) onWait?.(`waits: cycle ${(inTheWay = open)} is open`);
    } catch (error) {
      if (!isPassing(error)) throw error;
      if (error.message !== trouble) onTrouble?.((trouble = error.message));
    }
    await sleep(pollMs, undefined, { signal }).catch(() => undefined);
  }
  return null;
}

/** The running stage's note, as fresh as the heartbeat of its job's watch. */
export function withJobWords(state: CycleState, jobWords: string | null): CycleState {
  if (jobWords === null) return state;
  const stages = state.stages.map((stage) =>
    stage.phase === 'Running' && JOB_STAGES.has(stage.stage) ? { ...stage, note: jobWords } : stage,
  );
  return { ...state, stages };
}

/** A query is answered for a closed workflow too: one that never came to an outcome would be asked for ever. */
function settled(cycle: CycleHandle, state: CycleState): CycleState {
  if (state.outcome !== null) return state;
  throw new RatchetError('CycleUnknown', `cycle ${cycle.cycle} was ended from outside before it came to an outcome`, {
    remedy: 'the model’s lifecycle settles it; see `ratchet history`',
  });
}

function isPassing(error: unknown): error is RatchetError {
  return error instanceof RatchetError && error.type === 'Unexpected';
}
