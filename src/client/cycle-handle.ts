import type { Client } from '@temporalio/client';
import type { Vote } from '../domain/approval.js';
import { RatchetError } from '../domain/failure.js';
import type { AbortRequest, CycleState, VoteReply } from '../workflows/messages.js';
import { abortUpdate, cycleStateQuery, cycleWorkflowId, voteUpdate } from '../workflows/messages.js';
import { askWorkflow, isNotRunning } from './temporal-failure.js';

export interface CycleHandle {
  readonly workflowId: string;
  readonly cycle: number;
  /** Works for closed cycles too, as long as the server keeps their history. @throws {RatchetError} CycleUnknown */
  state(): Promise<CycleState>;
  /** @throws {RatchetError} RequestRefused: another digest, the wrong person, twice, or after the end. */
  vote(vote: Vote): Promise<VoteReply>;
  abort(request: AbortRequest): Promise<void>;
  /** Temporal's word for it: RUNNING, COMPLETED, TERMINATED, …; null where there is no such workflow. */
  status(): Promise<string | null>;
}

/** One cycle of a model, by its number. */
export function openCycle(client: Client, model: string, cycle: number, deadlineSeconds: number): CycleHandle {
  const workflowId = cycleWorkflowId(model, cycle);
  const handle = client.workflow.getHandle(workflowId);
  const ask = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await askWorkflow(client, workflowId, deadlineSeconds, call);
    } catch (error) {
      if (!isNotRunning(error)) throw error;
      throw new RatchetError('CycleUnknown', `cycle ${cycle} of ${model} does not run`, {
        remedy: `\`ratchet history ${model}\` lists the cycles and how they ended`,
        cause: error,
      });
    }
  };
  return {
    workflowId,
    cycle,
    state: () => ask(() => handle.query(cycleStateQuery)),
    vote: (vote) => ask(() => handle.executeUpdate(voteUpdate, { args: [vote] })),
    abort: (request) => ask(() => handle.executeUpdate(abortUpdate, { args: [request] })),
    async status() {
      try {
        return (await askWorkflow(client, workflowId, deadlineSeconds, () => handle.describe())).status.name;
      } catch (error) {
        if (isNotRunning(error)) return null;
        throw error;
      }
    },
  };
}
