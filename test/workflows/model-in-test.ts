import { randomUUID } from 'node:crypto';
import { WithStartWorkflowOperation, type WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { putDocument } from '../../src/activities/documents.js';
import { queryWorkflow } from '../../src/client/temporal-failure.js';
import type { Vote } from '../../src/domain/approval.js';
import type { Digest } from '../../src/domain/digest.js';
import type { JobStage } from '../../src/domain/job.js';
import type { LedgerBody, LedgerRecord } from '../../src/domain/ledger.js';
import type { Trigger } from '../../src/domain/trigger.js';
import {
  applyUpdate,
  cycleStateQuery,
  cycleWorkflowId,
  lifecycleStateQuery,
  lifecycleWorkflowId,
  TASK_QUEUE,
  triggerUpdate,
  voteUpdate,
  type ApplyReply,
  type CycleState,
  type LifecycleState,
} from '../../src/workflows/messages.js';
import type { modelLifecycle } from '../../src/workflows/model-lifecycle.js';
import type { retrainCycle } from '../../src/workflows/retrain-cycle.js';
import { modelSpec, type SpecChange } from '../fakes/model-file.js';
import type { RunningLoop } from './loop.js';

export type CycleEndedBody = Extract<LedgerBody, { kind: 'cycle-ended' }>;
export type ModelInTest = ReturnType<typeof modelInTest>;

/** A model of its own for one test: what people and machines do with it, and what is to be seen of it. */
export function modelInTest(loop: RunningLoop, name = `m-${randomUUID().slice(0, 8)}`) {
  const { client, ledger, store } = loop;
  const lifecycleId = lifecycleWorkflowId(name);
  let triggers = 0;
  return {
    name,
    lifecycleId,
    openApproval,
    putSpec,
    apply,
    open,
    startCycle,
    lifecycle,
    cycle,
    trigger,
    state,
    cycleState,
    untilJobRuns,
    cycleOf,
    vote,
    records,
    kinds,
    append,
  };

  async function putSpec(change: SpecChange = {}, trainerCode = 'v1'): Promise<{ specDigest: Digest; codeDigest: Digest }> {
    const source = await putDocument(store, { files: [{ path: 'rows.py', digest: await store.put(Buffer.from('rows')) }] });
    const trainer = await putDocument(store, { files: [{ path: 'train.py', digest: await store.put(Buffer.from(trainerCode)) }] });
    return { specDigest: await putDocument(store, modelSpec(name, change)), codeDigest: await putDocument(store, { source, trainer }) };
  }

  /** As `ratchet apply` does: update with start. */
  async function apply(change: SpecChange = {}, trainerCode = 'v1'): Promise<ApplyReply> {
    const digests = await putSpec(change, trainerCode);
    const startWorkflowOperation = new WithStartWorkflowOperation<typeof modelLifecycle>('modelLifecycle', {
      workflowId: lifecycleId,
      taskQueue: TASK_QUEUE,
      args: [{ model: name }],
      workflowIdConflictPolicy: 'USE_EXISTING',
    });
    return client.workflow.executeUpdateWithStart(applyUpdate, { args: [{ ...digests, requestedBy: 'ana' }], startWorkflowOperation });
  }

  /** A spec and an open cycle in the ledger, without a lifecycle. @returns the cycle's number */
  async function open(
    change: SpecChange = {},
    trigger: Partial<Trigger> = {},
    more: { cites?: object; trainerCode?: string } = {},
  ): Promise<number> {
    const digests = await putSpec(change, more.trainerCode);
    const key = trigger.key ?? `t${++triggers}`;
    const wish: Trigger = { kind: 'person', requestedBy: 'ana', reason: '', ...trigger, key };
    const body = {
      kind: 'cycle-started',
      trigger: wish,
      asOf: '2013-07-02T12:00:00.000Z',
      ...digests,
      cites: more.cites ?? {},
    } as LedgerBody;
    return append(`${key}/cycle-started`, body);
  }

  /** Starts the workflow of an open cycle, as the lifecycle would. */
  async function startCycle(number: number): Promise<WorkflowHandleWithFirstExecutionRunId<typeof retrainCycle>> {
    return client.workflow.start<typeof retrainCycle>('retrainCycle', {
      workflowId: cycleWorkflowId(name, number),
      taskQueue: TASK_QUEUE,
      args: [{ model: name, cycle: number }],
    });
  }

  function lifecycle() {
    return client.workflow.getHandle<typeof modelLifecycle>(lifecycleId);
  }

  function cycle(number: number) {
    return client.workflow.getHandle<typeof retrainCycle>(cycleWorkflowId(name, number));
  }

  async function trigger(change: Partial<Trigger> = {}) {
    const wish: Trigger = { key: `t${++triggers}`, kind: 'person', requestedBy: 'ana', reason: '', ...change };
    return lifecycle().executeUpdate(triggerUpdate, { args: [wish] });
  }

  async function state(): Promise<LifecycleState> {
    return asked(loop, lifecycleId, () => lifecycle().query(lifecycleStateQuery));
  }

  /** The cycle that a trigger became. */
  async function cycleOf(key: string): Promise<number> {
    const { seenKeys } = await eventually(state, (seen) => seen.seenKeys.some((entry) => entry.key === key && entry.cycle !== null));
    return seenKeys.find((entry) => entry.key === key)!.cycle!;
  }

  async function cycleState(number: number): Promise<CycleState> {
    return asked(loop, cycleWorkflowId(name, number), () => cycle(number).query(cycleStateQuery));
  }

  /** Until the job of this stage is watched. */
  async function untilJobRuns(number: number, stage: JobStage): Promise<CycleState> {
    return eventually(
      () => cycleState(number),
      ({ stages }) => stages.some((line) => line.stage === stage && line.note.startsWith('running as')),
    );
  }

  /** A cycle that waits for people. */
  async function openApproval(change: SpecChange = {}) {
    const number = await open(change);
    const handle = await startCycle(number);
    const { candidateDigest } = await eventually(
      () => cycleState(number),
      ({ approval }) => approval !== null,
    );
    return { number, handle, candidateDigest: candidateDigest! };
  }

  async function vote(number: number, change: Partial<Vote> = {}) {
    const { candidateDigest } = await cycleState(number);
    const vote = { candidateDigest: candidateDigest!, signer: 'ana', decision: 'approve' as const, comment: '', ...change };
    return cycle(number).executeUpdate(voteUpdate, { args: [vote] });
  }

  async function records(): Promise<LedgerRecord[]> {
    return ledger.readRecords(name);
  }

  async function kinds(): Promise<string[]> {
    return (await records()).map(({ body }) => body.kind);
  }

  async function append(key: string, body: LedgerBody): Promise<number> {
    return (await ledger.append({ model: name, key, body, expects: {}, at: new Date().toISOString() })).seq;
  }
}

/** A query that comes just as its workflow closes may be lost: it is asked again, as the product's own client does. */
export function asked<T>({ client }: RunningLoop, workflowId: string, query: () => Promise<T>): Promise<T> {
  return queryWorkflow(client, workflowId, 60, query);
}

/** Looks until it holds. @throws after `seconds`, with what was seen last */
export async function eventually<T>(look: () => Promise<T>, holds: (value: T) => boolean, seconds = 60): Promise<T> {
  const endMs = Date.now() + seconds * 1000;
  for (;;) {
    const value = await look().catch((error: Error) => error as T);
    if (!(value instanceof Error) && holds(value)) return value;
    if (Date.now() > endMs)
      throw new Error(`waited ${seconds} s; last seen: ${value instanceof Error ? value.message : JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
