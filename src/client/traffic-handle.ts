import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { ApplicationFailure, type QueryDefinition } from '@temporalio/common';
import { isClosed } from '../domain/closed-workflow.js';
import { RatchetError } from '../domain/failure.js';
import type { RolloutCommand } from '../domain/rollout.js';
import type { ObjectStore } from '../ports/object-store.js';
import type { CommandReply, RolloutView } from '../workflows/messages.js';
import { commandUpdate, lifecycleStateQuery, lifecycleWorkflowId, rolloutStateQuery } from '../workflows/messages.js';
import { readHead } from './ledger-view.js';
import { askWorkflow, isNotRunning, queryWorkflow } from './temporal-failure.js';
import type { TrafficPlace } from './traffic-place.js';
import { placesAt, targetOf, workflowIdOf } from './traffic-place.js';

export interface CommandAnswer extends CommandReply, TrafficPlace {}

export interface TrafficHandle {
  readonly model: string;
  /** The open rollout, else the open bake; null: neither is open. */
  state(): Promise<RolloutView | null>;
  /** All that is open, the rollout first: it may wait for the bake of the champion before it. */
  views(): Promise<readonly RolloutView[]>;
  /** One of them by its place, also after its end as long as the server keeps it; null: it never ran, or is forgotten. */
  viewAt(place: TrafficPlace): Promise<RolloutView | null>;
  /** @throws {RatchetError} RequestRefused: with the workflow's reason, or nothing is rolled out. */
  command(command: RolloutCommand): Promise<CommandAnswer>;
}

export interface TrafficOptions {
  /** How long one question to a workflow may take. */
  readonly deadlineSeconds?: number;
  /** Between the end of a rollout and the begin of its bake neither is open: so long is looked again. */
  readonly betweenSeconds?: number;
}

/**
 * What moves the traffic of a model, found by the ledger's head: the rollout of the open cycle, or the bake of the champion.
 * Where the store is away the lifecycle is asked instead: a person who wants to turn back must not wait for it.
 * All throw {RatchetError}: ModelUnknown, RequestRefused, or Unexpected where nobody answers.
 */
export function openTraffic(
  client: Client,
  store: ObjectStore,
  model: string,
  { deadlineSeconds = 30, betweenSeconds = 10 }: TrafficOptions = {},
): TrafficHandle {
  const ask = <T>(workflowId: string, call: () => Promise<T>): Promise<T> => askWorkflow(client, workflowId, deadlineSeconds, call);
  const query = <T>(workflowId: string, asked: QueryDefinition<T>): Promise<T> =>
    queryWorkflow(client, workflowId, deadlineSeconds, () => client.workflow.getHandle(workflowId).query(asked));
  return { model, state: async () => (await views())[0] ?? null, views, viewAt, command };

  async function views(): Promise<readonly RolloutView[]> {
    return viewsAt((await look()).open);
  }

  async function viewsAt(places: readonly TrafficPlace[]): Promise<readonly RolloutView[]> {
    return (await Promise.all(places.map(viewAt))).filter((view) => view !== null);
  }

  async function viewAt(place: TrafficPlace): Promise<RolloutView | null> {
    const workflowId = workflowIdOf(model, place);
    return nullIfAbsent(() => query(workflowId, rolloutStateQuery));
  }

  async function command(command: RolloutCommand): Promise<CommandAnswer> {
    const giveUpAtMs = Date.now() + betweenSeconds * 1000;
    for (;;) {
      const { open, isBetween } = await look();
      const target = targetOf(await viewsAt(open), command);
      if (target !== null) {
        const answer = await send(target, command);
        if (answer !== null) return answer;
      }
      if ((target === null && !isBetween) || Date.now() >= giveUpAtMs) throw nothingOpen(model);
      await sleep(100);
    }
  }

  /** @returns null: it ended before it could answer. */
  async function send({ kind, cycle }: TrafficPlace, command: RolloutCommand): Promise<CommandAnswer | null> {
    const workflowId = workflowIdOf(model, { kind, cycle });
    const call = () => ask(workflowId, () => client.workflow.getHandle(workflowId).executeUpdate(commandUpdate, { args: [command] }));
    try {
      return { kind, cycle, ...(await call()) };
    } catch (error) {
      if (isNotRunning(error) || hasClosedMeanwhile(error)) return null;
      throw error;
    }
  }

  async function look(): Promise<{ open: TrafficPlace[]; isBetween: boolean }> {
    const places = await placesOf();
    const statuses = await Promise.all(places.map((place) => statusOf(workflowIdOf(model, place))));
    const open = places.filter((_, index) => isOpen(statuses[index]));
    // The ledger says that a version bakes, or the rollout has just closed and the cycle has not yet said how it went.
    const isBetween = places.some(({ kind }, index) => !isOpen(statuses[index]) && (kind === 'bake' || statuses[index] !== null));
    return { open, isBetween };
  }

  async function placesOf(): Promise<TrafficPlace[]> {
    try {
      const head = await readHead(store, model);
      if (head === null) {
        throw new RatchetError('ModelUnknown', `there is no model ${model} here`, { remedy: '`ratchet get` lists the models' });
      }
      return placesAt(head.after.openCycle, head.after.bake?.cycle ?? null);
    } catch (error) {
      if (!(error instanceof RatchetError) || error.type !== 'StoreUnavailable') throw error;
      const workflowId = lifecycleWorkflowId(model);
      const state = await nullIfAbsent(() => query(workflowId, lifecycleStateQuery));
      if (state === null) throw error;
      return placesAt(state.openCycle, state.champion?.cycle ?? null);
    }
  }

  async function statusOf(workflowId: string): Promise<string | null> {
    return nullIfAbsent(async () => (await ask(workflowId, () => client.workflow.getHandle(workflowId).describe())).status.name);
  }
}

function isOpen(status: string | null | undefined): boolean {
  return status != null && !isClosed(status);
}

async function nullIfAbsent<T>(call: () => Promise<T>): Promise<T | null> {
  try {
    return await call();
  } catch (error) {
    if (isNotRunning(error)) return null;
    throw error;
  }
}

/** The update was taken up, but its workflow ended first: the server's word for it. */
function hasClosedMeanwhile(error: unknown): boolean {
  const failed = error instanceof RatchetError ? error.cause : undefined;
  return (
    failed instanceof WorkflowUpdateFailedError &&
    failed.cause instanceof ApplicationFailure &&
    failed.cause.type === 'AcceptedUpdateCompletedWorkflow'
  );
}

function nothingOpen(model: string): RatchetError {
  return new RatchetError('RequestRefused', `nothing of ${model} is being rolled out, and no champion of it bakes`, {
    remedy: `\`ratchet status ${model}\` shows who answers; \`ratchet rollback ${model}\` turns a champion back later too`,
  });
}
