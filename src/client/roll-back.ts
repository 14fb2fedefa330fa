import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { RatchetError } from '../domain/failure.js';
import type { ObjectStore } from '../ports/object-store.js';
import type { RollbackInput, RollbackResult, RolloutView } from '../workflows/messages.js';
import { TASK_QUEUE, rollbackWorkflowId } from '../workflows/messages.js';
import { chooseFormerChampion, isNamed } from './former-champion.js';
import { readRecords } from './ledger-view.js';
import { askWorkflow } from './temporal-failure.js';
import type { TrafficHandle } from './traffic-handle.js';
import { targetOf } from './traffic-place.js';

const DEADLINE_SECONDS = 900;

type RollbackModel = (input: RollbackInput) => Promise<RollbackResult>;

export interface RollbackOutcome {
  readonly model: string;
  /** Who did it: the rollout or bake that was under way, or a rollback of its own. */
  readonly by: 'rollout' | 'bake' | 'rollback';
  readonly from: string;
  /** null: nobody answered before. */
  readonly to: string | null;
  /** null: the model answers no requests. */
  readonly trafficBackAt: string | null;
}

export interface RollBackOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
  /** How long the servers of an old version may take to be proven and to get the traffic. */
  readonly deadlineSeconds?: number;
}

/**
 * Turns a model back and waits until the traffic is: through the rollout or bake that is under way where that leads to the
 * version asked for, else by a rollback of its own.
 * @throws {RatchetError} RequestRefused: never a champion, champion already, nothing to turn back to, another rollback
 */
export async function rollBack(
  client: Client,
  store: ObjectStore,
  traffic: TrafficHandle,
  request: RollbackInput,
  options: RollBackOptions,
): Promise<RollbackOutcome> {
  const { model } = request;
  const views = await traffic.views();
  const underWay = targetOf(views, { command: 'rollback' });
  // The ledger is only asked where a name must be looked up: without one, turning back does not wait for the store.
  const isBefore = underWay !== null && (request.to === null || isNamed(underWay.champion, request.to));
  const outcome = isBefore ? await commandBack(store, traffic, underWay, request, options) : null;
  if (outcome !== null) return outcome;
  const records = await readRecords(store, model);
  const to = chooseFormerChampion(model, records, request.to ?? underWay?.champion ?? null);
  const from = records.at(-1)!.after.champion!.version;
  return { model, by: 'rollback', ...(await runRollback(client, { ...request, to }, from, options)) };
}

/** One rollback at a time: who asks for the same again waits for the same one. */
async function runRollback(
  client: Client,
  input: RollbackInput,
  from: string,
  { onProgress, deadlineSeconds = DEADLINE_SECONDS }: RollBackOptions,
): Promise<RollbackResult> {
  const workflowId = rollbackWorkflowId(input.model);
  return askWorkflow(client, workflowId, deadlineSeconds, async () => {
    const handle = await client.workflow.start<RollbackModel>('rollbackModel', {
      workflowId,
      taskQueue: TASK_QUEUE,
      args: [input],
      workflowIdConflictPolicy: 'USE_EXISTING',
      staticSummary: `${input.model}: back to ${input.to}, asked by ${input.requestedBy}`,
      memo: { to: input.to, requestedBy: input.requestedBy },
    });
    const { to, requestedBy } = ((await handle.describe()).memo ?? {}) as { to?: string; requestedBy?: string };
    if (to !== undefined && to !== input.to) {
      throw new RatchetError(
        'RequestRefused',
        `${input.model} is being turned back to ${to} (asked by ${requestedBy}), not to ${input.to}`,
        { remedy: `wait for it: \`ratchet status ${input.model}\`; then ask again` },
      );
    }
    onProgress(`turning ${input.model} back from ${from} to ${input.to}`);
    return handle.result();
  });
}

/** @returns null: it came to its end otherwise, before it was told */
async function commandBack(
  store: ObjectStore,
  traffic: TrafficHandle,
  underWay: RolloutView,
  { requestedBy, reason }: RollbackInput,
  { signal: interrupted, onProgress, deadlineSeconds = DEADLINE_SECONDS }: RollBackOptions,
): Promise<RollbackOutcome | null> {
  const { model } = traffic;
  const { cycle, version, champion } = underWay;
  const answer = await traffic.command({ command: 'rollback', requestedBy, reason });
  onProgress(`the ${answer.kind} of cycle ${answer.cycle} turns back`);
  const signal = AbortSignal.any([interrupted, AbortSignal.timeout(deadlineSeconds * 1000)]);
  let { kind } = answer;
  while (!signal.aborted) {
    const isOpen = (await traffic.views()).some((view) => view.kind === kind && view.cycle === cycle);
    const view = await traffic.viewAt({ kind, cycle });
    const phase = view?.state.phase;
    if (view && phase === 'TurnedBack') {
      const trafficBackAt = (await recordedTime(store, model, cycle)) ?? view.since;
      return { model, by: kind, from: version, to: champion, trafficBackAt };
    }
    // Asked while the promotion was being written: the bake turns back as its first act.
    if (kind === 'rollout' && phase === 'Promoted' && view?.plan.bake) kind = 'bake';
    else if (view && !isOpen) return null;
    await sleep(200, undefined, { signal }).catch(() => undefined);
  }
  throw new RatchetError('Unexpected', `stopped waiting for ${model} to turn back from ${version}; it goes on`, {
    remedy: `look at it with \`ratchet rollout status ${model}\``,
  });
}

/** When the ledger says that the traffic was back; null: it does not say so (yet), or the store is away. */
async function recordedTime(store: ObjectStore, model: string, cycle: number): Promise<string | null> {
  try {
    const records = await readRecords(store, model);
    const since = records.findLastIndex(({ body }) => (body.kind === 'exposed' || body.kind === 'promoted') && body.cycle === cycle);
    const back = records.slice(since + 1).find(({ body }) => body.kind === 'withdrawn' || body.kind === 'rolled-back');
    return back?.body.kind === 'withdrawn' || back?.body.kind === 'rolled-back' ? (back.body.trafficBackAt ?? null) : null;
  } catch (error) {
    if (error instanceof RatchetError && error.type === 'StoreUnavailable') return null;
    throw error;
  }
}
