import { WithStartWorkflowOperation } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { UpdateDefinition } from '@temporalio/common';
import { isClosed } from '../domain/closed-workflow.js';
import { RatchetError } from '../domain/failure.js';
import type { Trigger } from '../domain/trigger.js';
import type {
  ApplyReply,
  ApplyRequest,
  BacktestedRequest,
  LifecycleInput,
  LifecycleState,
  PauseRequest,
  PauseServingRequest,
  ServingReply,
  TriggerReply,
} from '../workflows/messages.js';
import {
  TASK_QUEUE,
  applyUpdate,
  backtestedUpdate,
  lifecycleStateQuery,
  lifecycleWorkflowId,
  pauseServingUpdate,
  pauseUpdate,
  resumeServingUpdate,
  resumeUpdate,
  triggerSignal,
  triggerUpdate,
} from '../workflows/messages.js';
import type { CycleHandle } from './cycle-handle.js';
import { openCycle } from './cycle-handle.js';
import { askWorkflow, isNotRunning, queryWorkflow } from './temporal-failure.js';

type ModelLifecycle = (input: LifecycleInput) => Promise<void>;

export interface ModelHandle {
  readonly model: string;
  readonly workflowId: string;
  /** Starts the model's lifecycle where it does not run. */
  apply(request: ApplyRequest): Promise<ApplyReply>;
  /** As apply: a lifecycle that was lost is started again and rebuilds itself from the ledger. */
  trigger(trigger: Trigger): Promise<TriggerReply>;
  /** As trigger, for machines: signalled, so it is kept also while no worker runs; what becomes of it stands in the record. */
  wish(trigger: Trigger): Promise<void>;
  pause(request: PauseRequest): Promise<void>;
  resume(request: PauseRequest): Promise<void>;
  /** Refuses all requests until `resumeServing`. Answers when it is so. */
  pauseServing(request: PauseServingRequest): Promise<ServingReply>;
  resumeServing(request: PauseRequest): Promise<ServingReply>;
  backtested(request: BacktestedRequest): Promise<void>;
  /** null where the lifecycle does not run. */
  state(): Promise<LifecycleState | null>;
  cycle(cycle: number): CycleHandle;
}

export interface ModelHandleOptions {
  /** How long one question to a workflow may take. */
  readonly deadlineSeconds?: number;
  /** Whether the model has a ledger: only then may anything but apply start its lifecycle, or a typing error would make a model. */
  readonly isKnown: () => Promise<boolean>;
}

/**
 * What people and programs do with one model. Every call ends within `deadlineSeconds`.
 * All throw {RatchetError}: RequestRefused with the workflow's reason, ModelUnknown, or Unexpected where nobody answers.
 */
export function openModel(client: Client, model: string, { deadlineSeconds = 30, isKnown }: ModelHandleOptions): ModelHandle {
  const workflowId = lifecycleWorkflowId(model);
  const staticSummary = `Model ${model}: its triggers, its cycles, its champion`;
  const ask = <T>(call: () => Promise<T>): Promise<T> => askWorkflow(client, workflowId, deadlineSeconds, call);

  return {
    model,
    workflowId,
    apply: (request) => ask(() => startAndUpdate(applyUpdate, request)),
    trigger: (trigger) => updateKnown(triggerUpdate, trigger),
    wish,
    pause: (request) => updateKnown(pauseUpdate, request),
    resume: (request) => updateKnown(resumeUpdate, request),
    pauseServing: (request) => updateKnown(pauseServingUpdate, request),
    resumeServing: (request) => updateKnown(resumeServingUpdate, request),
    backtested: (request) => updateKnown(backtestedUpdate, request),
    state,
    cycle: (cycle) => openCycle(client, model, cycle, deadlineSeconds),
  };

  async function updateKnown<Reply, Request>(update: UpdateDefinition<Reply, [Request]>, request: Request): Promise<Reply> {
    await refuseUnknown();
    return ask(() => startAndUpdate(update, request));
  }

  async function wish(trigger: Trigger): Promise<void> {
    await refuseUnknown();
    await ask(() =>
      client.workflow.signalWithStart<ModelLifecycle, [Trigger]>('modelLifecycle', {
        workflowId,
        taskQueue: TASK_QUEUE,
        args: [{ model }],
        signal: triggerSignal,
        signalArgs: [trigger],
        staticSummary,
      }),
    );
  }

  async function refuseUnknown(): Promise<void> {
    if (await isKnown()) return;
    throw new RatchetError('ModelUnknown', `there is no model ${model} here`, {
      remedy: '`ratchet get` lists the models; `ratchet apply -f <model file>` makes one',
    });
  }

  /** Update-with-start: one call that finds the lifecycle or starts it, so no race lies between the two. */
  function startAndUpdate<Reply, Request>(update: UpdateDefinition<Reply, [Request]>, request: Request): Promise<Reply> {
    const startWorkflowOperation = new WithStartWorkflowOperation<ModelLifecycle>('modelLifecycle', {
      workflowId,
      taskQueue: TASK_QUEUE,
      args: [{ model }],
      workflowIdConflictPolicy: 'USE_EXISTING',
      staticSummary,
    });
    return client.workflow.executeUpdateWithStart(update, { args: [request], startWorkflowOperation });
  }

  async function state(): Promise<LifecycleState | null> {
    try {
      return await queryWorkflow(client, workflowId, deadlineSeconds, async () => {
        const handle = client.workflow.getHandle(workflowId);
        // A query would also be answered by a closed lifecycle, with what it knew when it ended.
        const { status } = await handle.describe();
        return isClosed(status.name) ? null : await handle.query(lifecycleStateQuery);
      });
    } catch (error) {
      if (isNotRunning(error)) return null;
      throw error;
    }
  }
}
