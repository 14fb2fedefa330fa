import type { Client, WorkflowHandle } from '@temporalio/client';
import type { Vote } from '../domain/approval.js';
import type { JobWatch } from '../domain/decide/job-watch.js';
import { RatchetError } from '../domain/failure.js';
import type { AbortRequest, CycleState, VoteReply } from '../workflows/messages.js';
import { abortUpdate, cycleStateQuery, cycleWorkflowId, voteUpdate } from '../workflows/messages.js';
import { askWorkflow, isNotRunning, queryWorkflow } from './temporal-failure.js';

export interface CycleHandle {
  readonly workflowId: string;
  readonly cycle: number;
  /** Works for closed cycles too, as long as the server keeps their history. @throws {RatchetError} CycleUnknown */
  state(): Promise<CycleState>;
  /** @throws {RatchetError} RequestRefused: another digest, the wrong person, twice, or after the end. */
  vote(vote: Vote): Promise<VoteReply>;
  abort(request: AbortRequest): Promise<void>;
  /** Whether it runs, and what the job that it waits for last said. */
  look(): Promise<CycleLook>;
  /** Temporal's word for it: RUNNING, COMPLETED, TERMINATED, …; null where there is no such workflow. */
  status(): Promise<string | null>;
}

export interface CycleLook {
  /** As `status`. */
  readonly status: string | null;
  /** null: no job runs, or it says nothing of its progress. */
  readonly jobWords: string | null;
}

/** One cycle of a model, by its number. */
export function openCycle(client: Client, model: string, cycle: number, deadlineSeconds: number): CycleHandle {
  const workflowId = cycleWorkflowId(model, cycle);
  const handle = client.workflow.getHandle(workflowId);
  const ask = async <T>(call: () => Promise<T>, askIt = askWorkflow): Promise<T> => {
    try {
      return await askIt(client, workflowId, deadlineSeconds, call);
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
    state: () => ask(() => handle.query(cycleStateQuery), queryWorkflow),
    vote: (vote) => ask(() => handle.executeUpdate(voteUpdate, { args: [vote] })),
    abort: (request) => ask(() => handle.executeUpdate(abortUpdate, { args: [request] })),
    look,
    status: async () => (await look()).status,
  };

  async function look(): Promise<CycleLook> {
    try {
      const { status, raw } = await askWorkflow(client, workflowId, deadlineSeconds, () => handle.describe());
      return { status: status.name, jobWords: await watchWords(client, raw.pendingActivities ?? []) };
    } catch (error) {
      if (isNotRunning(error)) return { status: null, jobWords: null };
      throw error;
    }
  }
}

type Description = Awaited<ReturnType<WorkflowHandle['describe']>>;

/** Of a pending activity that waits to be tried again, as Temporal has it. */
const SCHEDULED = 1;

/** Of the heartbeat of the watch: always fresh, and no event of the history. While there is none, or a job cannot be started or recorded, why. */
async function watchWords(client: Client, pending: NonNullable<Description['raw']['pendingActivities']>): Promise<string | null> {
  const named = (name: string) => pending.find(({ activityType }) => activityType?.name === name);
  const watch = named('awaitJob');
  const why = watch?.state === SCHEDULED ? watch.lastFailure?.message : null;
  if (why) return `not seen just now: ${why}`.slice(0, 300);
  const undone = (named('submitJob') ?? named('recordStage'))?.lastFailure?.message;
  if (undone) return `tried again: ${undone}`.slice(0, 300);
  const { payloadConverter, payloadCodecs } = client.options.loadedDataConverter;
  let payloads = watch?.heartbeatDetails?.payloads ?? [];
  for (const codec of payloadCodecs.toReversed()) payloads = await codec.decode(payloads);
  if (payloads[0] === undefined) return null;
  const words = payloadConverter.fromPayload<Partial<JobWatch> | null>(payloads[0])?.words;
  return typeof words === 'string' && words !== '' ? words : null;
}
