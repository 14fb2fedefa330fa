import {
  allHandlersFinished,
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  patched,
  setHandler,
  startChild,
  WorkflowIdReusePolicy,
} from '@temporalio/workflow';
import type { RolloutBrief } from '../activities/rollout-brief.js';
import { initialRollout } from '../domain/decide/advance-rollout.js';
import { splitOfChampion } from '../domain/decide/traffic-splits.js';
import type { Failure } from '../domain/failure.js';
import { projectActivities, servingActivities, shortActivities } from './activity-proxies.js';
import { bakeChampion } from './bake-champion.js';
import { refuseStrangeStart } from './message-shape.js';
import {
  bakeEndedSignal,
  bakeWorkflowId,
  commandSignal,
  rollbackWorkflowId,
  rolloutWorkflowId,
  TASK_QUEUE,
  type RolloutInput,
  type RolloutResult,
} from './messages.js';
import { rollbackModel } from './rollback-model.js';
import { runStep, watchPromotion } from './rollout-step.js';
import { createTrafficControl, type TrafficControl } from './traffic-control.js';
import { giveBack } from './shift.js';
import { failureOf } from './workflow-failure.js';

const HOUR_MS = 3_600_000;
/** A record is usually written within a fraction of it. */
const UNWATCHED_MS_MAX = 2000;

/**
 * Brings a challenger to all traffic by degrees, and into the ledger. Any failure, command or cancellation gives the traffic
 * back to the champion first and says so afterwards.
 */
export async function rolloutModel(input: RolloutInput): Promise<RolloutResult> {
  const { model, cycle } = input;
  refuseStrangeStart({
    isInput: typeof model === 'string' && Number.isSafeInteger(cycle),
    input: '{"model": <name>, "cycle": <number>, …}',
    workflowId: rolloutWorkflowId(model, cycle),
  });
  const control = createTrafficControl('rollout', input, initialRollout);
  const rollout: Rollout = { input, control, brief: null, hasShifted: false, failure: null, isProjected: true };
  obeyCancellation(rollout);
  return CancellationScope.nonCancellable(async () => {
    try {
      await goForward(rollout);
    } catch (error) {
      if (!isCancellation(error)) rollout.failure = failureOf(error);
      control.happened({ kind: 'broken', reason: failureOf(error).message.split('\n')[0]! });
    }
    if (control.state().phase === 'TurningBack') await turnBack(rollout);
    await condition(allHandlersFinished);
    const { phase, reason } = control.state();
    return { phase: phase === 'Promoted' ? 'Promoted' : 'TurnedBack', reason, failure: rollout.failure, isProjected: rollout.isProjected };
  });
}

export interface Rollout {
  readonly input: RolloutInput;
  readonly control: TrafficControl;
  brief: RolloutBrief | null;
  /** The router was asked for something by this rollout: it has to be given back. */
  hasShifted: boolean;
  failure: Failure | null;
  isProjected: boolean;
}

/** A cancelled rollout is one that is told to abort: also while the promotion is being written. */
function obeyCancellation({ control }: Rollout): void {
  void CancellationScope.current().cancelRequested.catch(() =>
    control.happened({ kind: 'commanded', command: 'abort', requestedBy: 'ratchet', reason: 'the cycle was cancelled' }),
  );
}

async function goForward(rollout: Rollout): Promise<void> {
  const { control } = rollout;
  await prepare(rollout);
  while (control.state().phase === 'Progressing') await runStep(rollout);
  if (control.state().phase === 'Promoting') await promote(rollout);
}

/** Waits for the champion's bake, then starts and proves the servers of every arm. */
async function prepare(rollout: Rollout): Promise<void> {
  const { input, control } = rollout;
  const { model, cycle, evidence } = input;
  let isBakeOver = false;
  setHandler(bakeEndedSignal, () => void (isBakeOver = true));
  const isMoved = (): boolean => control.state().phase !== 'Preparing';
  for (let looks = 0; !isMoved(); looks++) {
    isBakeOver = false;
    const brief = await shortActivities('read what is to be rolled out').openRollout({ model, cycle, evidence });
    rollout.brief = brief;
    rollout.hasShifted ||= brief.isExposed; // by a run before a reset
    control.briefed(brief);
    if (brief.recorded !== null || brief.superseded !== null) return endAsRecorded(rollout, brief);
    if (brief.baking === null) break;
    control.note(`waits for the champion of cycle ${brief.baking} to have baked`);
    const waitMs = Math.min(6 * HOUR_MS, 60_000 * 2 ** looks);
    await condition(() => isBakeOver || isMoved(), waitMs, { summary: 'until the champion has baked' });
  }
  const { instances } = rollout.brief!;
  for (const arm of ['champion', 'challenger', 'baseline'] as const) {
    if (instances[arm] === null || isMoved()) continue;
    control.note(`starting and proving the servers of the ${arm}`);
    const start = servingActivities(`start and prove the ${arm}`);
    await control.unlessMoved(() => start.prepareInstance({ model, cycle, evidence, arm }), isMoved);
  }
  if (control.state().paused) control.note('its servers are proven; paused');
  await condition(() => !control.state().paused || isMoved());
  if (isMoved()) return;
  control.note('');
  control.happened({ kind: 'prepared' });
}

/** A run before a reset has come to its end already, or another champion came in between. */
function endAsRecorded(rollout: Rollout, { recorded, superseded }: RolloutBrief): void {
  const { control, input } = rollout;
  if (recorded === 'promoted') {
    control.happened({ kind: 'prepared' });
    control.happened({ kind: 'commanded', command: 'promote', requestedBy: 'ratchet', reason: 'the ledger has it' });
    return control.happened({ kind: 'promoted' });
  }
  const reason = superseded ?? `cycle ${input.cycle} was turned back before`;
  if (superseded !== null) {
    rollout.failure = { type: 'ChampionChanged', class: 'conflict', message: reason, remedy: 'trigger a new cycle' };
  }
  control.happened({ kind: 'broken', reason });
}

/** The ledger first; then the registry is told, and the watch over the new champion begins. */
async function promote(rollout: Rollout): Promise<void> {
  const { input, control } = rollout;
  const { model, cycle, evidence, candidateDigest, becomesAnchor, reason } = input;
  const { bake } = control.plan();
  const bakes = bake !== null;
  control.note('writing the promotion');
  const request = { model, cycle, evidence, candidateDigest, becomesAnchor, reason, bakes, at: now() };
  await writePromotion(rollout, request);
  const { turnsBackNext, reason: why, requestedBy, paused } = control.state();
  control.happened({ kind: 'promoted' });
  if (bakes) {
    await startBake(rollout, turnsBackNext ? { command: 'rollback', requestedBy, reason: why } : null, paused);
  } else {
    if (turnsBackNext) await startRollback(model, requestedBy, why);
    await giveBack(rollout, splitOfChampion(rollout.brief!.instances.challenger), cycle);
    const keep = [rollout.brief!.instances.challenger];
    await servingActivities('end the servers of those before')
      .retireOthers({ model, keep, ending: cycle })
      .catch(() => undefined);
  }
  try {
    await projectActivities('move the alias and read it back').projectChampion({ model });
  } catch {
    rollout.isProjected = false; // it is promoted: the lifecycle tells the registry
  }
}

/**
 * Writes the promotion. A word to turn back that comes meanwhile is obeyed at once where traffic is concerned: until the
 * record stands the old champion is champion, and afterwards the bake allows it. Where the store keeps it waiting, the traffic
 * that the last step left is watched on: harm is such a word. An answer that was lost is looked up.
 */
async function writePromotion(
  rollout: Rollout,
  request: Parameters<ReturnType<typeof shortActivities>['promoteCandidate']>[0],
): Promise<void> {
  const { control, brief } = rollout;
  const { model, cycle, evidence } = request;
  let isWritten = false;
  const writing = shortActivities('write the promotion to the ledger')
    .promoteCandidate(request)
    .then(
      () => null,
      (error: unknown) => ({ error }),
    )
    .finally(() => void (isWritten = true));
  const isOver = (): boolean => isWritten || control.state().turnsBackNext;
  if (patched('watch-while-promoting')) {
    await condition(isOver, UNWATCHED_MS_MAX, { summary: 'the promotion is written by then, or its traffic watched again' });
    if (!isOver()) await watchPromotion(rollout, isOver);
  } else await condition(isOver);
  const { champion } = brief!.instances;
  if (!isWritten && champion !== null && rollout.hasShifted) await giveBack(rollout, splitOfChampion(champion));
  const refused = await writing;
  if (refused === null) return;
  const { recorded } = await shortActivities('does the promotion stand').openRollout({ model, cycle, evidence });
  if (recorded !== 'promoted') throw refused.error;
}

/** Without a bake there is nobody else to keep the word. */
async function startRollback(model: string, requestedBy: string, reason: string): Promise<void> {
  await startChild(rollbackModel, {
    workflowId: rollbackWorkflowId(model),
    taskQueue: TASK_QUEUE,
    args: [{ model, to: null, requestedBy, reason }],
    parentClosePolicy: ParentClosePolicy.ABANDON,
  }).catch(() => undefined); // one is under way already
}

async function startBake({ input: { model, cycle }, control, brief }: Rollout, turnsBack: BakeWish, paused: boolean): Promise<void> {
  await startChild(bakeChampion, {
    workflowId: bakeWorkflowId(model, cycle),
    taskQueue: TASK_QUEUE,
    args: [
      {
        model,
        cycle,
        seen: control.seen().digest,
        ...(control.analysis() === null ? {} : { analysis: control.analysis() }),
        ...(turnsBack === null ? {} : { turnsBack }),
        ...(paused ? { paused } : {}),
        instances: brief!.instances,
      },
    ],
    parentClosePolicy: ParentClosePolicy.ABANDON,
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    staticSummary: `Bake of ${model}, cycle ${cycle}`,
  }).catch(async () => {
    // It runs already, or the lifecycle starts it: the ledger says that it must.
    if (turnsBack !== null)
      await getExternalWorkflowHandle(bakeWorkflowId(model, cycle))
        .signal(commandSignal, turnsBack)
        .catch(() => undefined);
  });
}
type BakeWish = NonNullable<Parameters<typeof bakeChampion>[0]['turnsBack']> | null;

/** Traffic first, then the ledger: turning back never waits for a store that is away. */
async function turnBack(rollout: Rollout): Promise<void> {
  const { input, control, brief } = rollout;
  const { model, cycle } = input;
  const decidedAt = now();
  const champion = brief?.instances.champion ?? null;
  const trafficBackAt = rollout.hasShifted && champion !== null ? await giveBack(rollout, splitOfChampion(champion)) : decidedAt;
  control.note('traffic is back; writing it down');
  const { reason, requestedBy } = control.state();
  const { digest, at } = control.seen();
  const back = { requestedBy, reason, analysisDigest: digest, seenAt: requestedBy === 'ratchet' ? at : null, decidedAt, trafficBackAt };
  if (rollout.hasShifted) await shortActivities('record that it was turned back').withdrawVersion({ model, cycle, at: now(), ...back });
  if (champion !== null) {
    await servingActivities('end the servers of the challenger')
      .retireOthers({ model, keep: [champion], ending: cycle })
      .catch(() => undefined); // the reconciliation ends what nobody is sent to
  }
  control.note('');
  control.happened({ kind: 'trafficBack' });
}

function now(): string {
  return new Date().toISOString();
}
