import { allHandlersFinished, CancellationScope, condition, getExternalWorkflowHandle, patched, setHandler } from '@temporalio/workflow';
import type { RolloutBrief } from '../activities/rollout-brief.js';
import type { WatchResult } from '../activities/watch-activities.js';
import { initialBake } from '../domain/decide/advance-rollout.js';
import { splitOfBake, splitOfChampion } from '../domain/decide/traffic-splits.js';
import {
  briefActivities,
  noticeActivities,
  projectActivities,
  servingActivities,
  shortActivities,
  trafficWatch,
} from './activity-proxies.js';
import { refuseStrangeStart } from './message-shape.js';
import {
  bakeEndedSignal,
  bakeWorkflowId,
  cycleEndedSignal,
  lifecycleWorkflowId,
  rolloutWorkflowId,
  type BakeInput,
  type RolloutView,
} from './messages.js';
import { giveBack, shiftForward } from './shift.js';
import { createTrafficControl, type TrafficControl } from './traffic-control.js';
import { failureOf } from './workflow-failure.js';

const HALF_MINUTE_MS = 30_000;

/**
 * Watches a promoted version for hours to weeks. Harm, or a person's word, turns back to the champion before it; what cannot
 * be measured is told. However it ends, it ends in the ledger.
 */
export async function bakeChampion(input: BakeInput): Promise<RolloutView['state']> {
  const { model, cycle } = input;
  refuseStrangeStart({
    isInput: typeof model === 'string' && Number.isSafeInteger(cycle),
    input: '{"model": <name>, "cycle": <number>}',
    workflowId: bakeWorkflowId(model, cycle),
  });
  const control = createTrafficControl('bake', input, initialBake(input.turnsBack ?? null, input.paused === true));
  control.resume((input.analysis as WatchResult['state'] | undefined) ?? null, input.seen ?? null);
  const baking: Baking = { input, control, isOver: false, trafficBackAt: null };
  // A rollback has written that this bake is over, and moved the traffic itself.
  setHandler(bakeEndedSignal, () => void (baking.isOver = true));
  return CancellationScope.nonCancellable(async () => {
    const brief = await readBrief(baking);
    control.briefed(brief);
    const isOpen = brief.baking === cycle;
    if (!isOpen && baking.trafficBackAt !== null) await obeyLedger(model);
    while (isOpen && !baking.isOver && control.state().phase === 'Baking') await bakeOn(baking, brief);
    const openCycle = isOpen && !baking.isOver ? await end(baking, brief) : null;
    await tell(model, cycle, openCycle);
    await condition(allHandlersFinished);
    return control.state();
  });
}

interface Baking {
  readonly input: BakeInput;
  readonly control: TrafficControl;
  isOver: boolean;
  /** When it was, where the traffic was back before the ledger could be read. */
  trafficBackAt: string | null;
}

/**
 * Reads what bakes. A word to turn back that is there before is obeyed at once where it is known who answered before: the store
 * may be away for long.
 */
async function readBrief(baking: Baking): Promise<RolloutBrief> {
  const { input, control } = baking;
  const reading = shortActivities('read what bakes').openRollout({ model: input.model, cycle: input.cycle, evidence: {} });
  const champion = input.instances?.champion ?? null;
  if (champion === null) return reading;
  let isRead = false;
  const read = (): void => void (isRead = true);
  void reading.then(read, read);
  await condition(() => isRead || control.state().phase === 'TurningBack');
  if (!isRead) baking.trafficBackAt = await giveBack(baking, splitOfChampion(champion));
  return reading;
}

/** The traffic was moved by what this bake was told, and by now the ledger says something else. */
async function obeyLedger(model: string): Promise<void> {
  await briefActivities('traffic as the ledger says')
    .reconcileModel({ model })
    .catch(() => undefined); // it is compared each minute
}

/** Divides the requests as the spec says and watches them until the time is over. Trouble on the way is told, and tried again. */
async function bakeOn(baking: Baking, brief: RolloutBrief): Promise<void> {
  const { input, control } = baking;
  const { model, cycle } = input;
  const bake = control.plan().bake!;
  const endAtMs = (brief.promotedAtMs ?? Date.now()) + bake.seconds * 1000;
  const hasMoved = (): boolean => baking.isOver || control.state().phase !== 'Baking';
  try {
    const split = splitOfBake(bake, brief.instances);
    if (control.shift() === 0) await shiftForward(baking, split, 'the new champion answers');
    if (brief.analysis === null) {
      await condition(hasMoved, Math.max(1, endAtMs - Date.now()), { summary: 'until the bake is over' });
      if (!hasMoved()) control.happened({ kind: 'watched', phase: 'Inconclusive', reason: 'nothing is watched' });
      return;
    }
    const isHeld = control.state().paused;
    const result = await control.unlessMoved(
      () =>
        trafficWatch('watch the new champion', Math.ceil(Math.max(0, endAtMs - Date.now()) / 1000)).watchArms({
          model,
          cycle,
          step: 'bake',
          mode: 'bake',
          times: { passAtMs: endAtMs, endAtMs: isHeld ? Number.MAX_SAFE_INTEGER : endAtMs, errorSecondsMax: brief.errorSecondsMax },
          windowSeconds: brief.windowSeconds,
          plan: brief.analysis!,
          unit: brief.unit,
          state: control.analysis(),
          isNewStep: control.seen().at === null,
          instances: brief.instances,
          split,
          shift: control.shift(),
          previous: control.seen().digest,
        }),
      () => hasMoved() || control.state().paused !== isHeld,
      true,
    );
    if (result === null) return;
    control.watched(result);
    if (result.phase === 'Error') control.forgetShift(); // somebody else divided the requests: they are divided again
    if (result.phase !== null) await decide(baking, brief, result);
  } catch (error) {
    // It is in force, and the ledger says so: what goes wrong here is for people, not a reason to turn back.
    control.note(failureOf(error).message);
    control.forgetShift();
    await condition(hasMoved, HALF_MINUTE_MS, { summary: 'before it is tried again' });
  }
}

async function decide({ input, control }: Baking, brief: RolloutBrief, { phase, analysis }: WatchResult): Promise<void> {
  const reason = analysis.reasons.join('; ');
  if (phase !== 'Failed' || brief.instances.champion !== null) {
    const words =
      phase === 'Inconclusive' && control.plan().bake!.compare === 'none' ? 'its time is over; only absolute limits were watched' : reason;
    return control.happened({
      kind: 'watched',
      phase: phase!,
      reason: phase === 'Inconclusive' ? `its time is over without harm found: ${words}` : words,
    });
  }
  // There is nobody to turn back to: a person must know.
  const text = `${reason}\nNobody answered before it: ratchet status ${input.model}`;
  await noticeActivities('tell the owner')
    .notifyPeople({
      id: `${input.model}/${input.cycle}/bake`,
      model: input.model,
      event: 'bake',
      severity: 'action',
      title: `${input.model}: the first champion is beyond its limits`,
      text,
      to: [],
    })
    .catch(() => undefined);
  control.happened({
    kind: 'commanded',
    command: 'skip',
    requestedBy: 'ratchet',
    reason: `beyond its limits, and nobody answered before: ${reason}`,
  });
}

/** @returns the cycle that may be waiting for this */
async function end(baking: Baking, brief: RolloutBrief): Promise<number | null> {
  const { input, control } = baking;
  const { model, cycle } = input;
  const { champion, challenger } = brief.instances;
  const { digest, at } = control.seen();
  const isTurningBack = control.state().phase === 'TurningBack' && champion !== null;
  const stays = isTurningBack ? champion : challenger;
  const decidedAt = now();
  const isBack = isTurningBack && champion === baking.input.instances?.champion;
  const trafficBackAt = (isBack ? baking.trafficBackAt : null) ?? (await giveBack(baking, splitOfChampion(stays)));
  const { reason, requestedBy } = control.state();
  const { openCycle } = isTurningBack
    ? await shortActivities('record that the champion before is back').rollBackBake({
        model,
        cycle,
        requestedBy,
        reason,
        analysisDigest: digest,
        seenAt: requestedBy === 'ratchet' ? at : null,
        decidedAt,
        trafficBackAt,
        at: now(),
      })
    : await shortActivities('record that it has baked').endBake({ model, cycle, reason, analysisDigest: digest, at: now() });
  control.happened({ kind: 'trafficBack' });
  // At once: a cycle that waits for signatures ends by it, whatever keeps the registry from being told.
  if (isTurningBack && patched('told-right-after-the-record')) await tellLifecycle(model, cycle);
  await projectActivities('move the alias and read it back')
    .projectChampion({ model })
    .catch(() => undefined); // the lifecycle tells the registry
  await servingActivities('end the servers that nobody is sent to')
    .retireOthers({ model, keep: [stays] })
    .catch(() => undefined);
  return openCycle;
}

/** Whoever waits for this bake looks again: a rollout, and the lifecycle. */
async function tell(model: string, cycle: number, openCycle: number | null): Promise<void> {
  if (openCycle !== null)
    await getExternalWorkflowHandle(rolloutWorkflowId(model, openCycle))
      .signal(bakeEndedSignal)
      .catch(() => undefined);
  await tellLifecycle(model, cycle);
}

async function tellLifecycle(model: string, cycle: number): Promise<void> {
  await getExternalWorkflowHandle(lifecycleWorkflowId(model))
    .signal(cycleEndedSignal, { cycle, outcome: 'promoted', isProjected: false })
    .catch(() => undefined);
}

function now(): string {
  return new Date().toISOString();
}
