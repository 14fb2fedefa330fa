import { condition } from '@temporalio/workflow';
import { challengerPercent, splitOfStep, type Split } from '../domain/decide/traffic-splits.js';
import { bakeSecondsOf } from '../domain/decide/step-times.js';
import { splitInWords } from '../domain/decide/rollout-details.js';
import type { RolloutStep } from '../domain/rollout-spec.js';
import { exposingActivities, trafficWatch } from './activity-proxies.js';
import type { Rollout } from './rollout-model.js';
import { shiftForward } from './shift.js';
import { failureOf } from './workflow-failure.js';

const DAY_SECONDS = 86_400;

/** One step, from the record that allows it to its decision. A command in between ends it at once. */
export async function runStep(rollout: Rollout): Promise<void> {
  const { input, control, brief } = rollout;
  const { stepIndex } = control.state();
  const step = control.plan().steps[stepIndex]!;
  const name = `${stepIndex}-${step.kind}`;
  const split = splitOfStep(step, { bake: control.plan().bake! }, brief!.instances);
  const hasMoved = (): boolean => control.state().phase !== 'Progressing' || control.state().stepIndex !== stepIndex;
  control.note(`dividing the requests: ${splitInWords(split)}`);
  const { model, cycle, evidence } = input;
  const isOpen = await control.unlessMoved(async () => {
    const weightPercentMax = challengerPercent(split);
    rollout.hasShifted = true; // from here on there may be something to take back
    const expose = exposingActivities(`record: ${name} may begin`, brief!.errorSecondsMax);
    await expose.exposeVersion({ model, cycle, evidence, step: name, weightPercentMax, at: now() });
    await shiftForward(rollout, split, `${name}: ${splitInWords(split)}`);
    return true;
  }, hasMoved);
  if (isOpen === null || hasMoved()) return;
  control.note('');
  await watchStep(rollout, { step, name, split, hasMoved });
}

interface RunningStep {
  readonly step: RolloutStep;
  readonly name: string;
  readonly split: Split;
  readonly hasMoved: () => boolean;
}

/** While somebody has paused, only harm ends the watch; what a watch knew is known to the next one. */
async function watchStep({ input, control, brief }: Rollout, { step, name, split, hasMoved }: RunningStep): Promise<void> {
  const { model, cycle } = input;
  const { bakeSeconds, bakeSecondsMax } = bakeSecondsOf(step);
  const { analysis: plan, windowSeconds, errorSecondsMax, instances, unit } = brief!;
  const startMs = Date.now();
  let isNewStep = true;
  while (!hasMoved()) {
    const isHeld = control.state().paused && (control.state().isStepDone || !isNewStep);
    const now = isNewStep ? startMs : Date.now();
    const times = { passAtMs: startMs + bakeSeconds * 1000, endAtMs: now + bakeSecondsMax * 1000, errorSecondsMax };
    const result = await control.unlessMoved(
      () =>
        trafficWatch(`watch ${name}`, bakeSecondsMax).watchArms({
          model,
          cycle,
          step: name,
          mode: isHeld ? 'hold' : 'step',
          times,
          windowSeconds,
          plan: plan!,
          unit,
          state: control.analysis(),
          isNewStep,
          instances,
          split,
          shift: control.shift(),
          previous: control.seen().digest,
        }),
      () => hasMoved() || (isHeld && !control.state().paused),
      true,
    );
    isNewStep = false;
    if (result === null) continue;
    control.watched(result);
    // Last words of a step that somebody left are no news of the next one, unless they tell of harm.
    if (result.phase !== null && (!hasMoved() || result.phase === 'Failed'))
      control.happened({ kind: 'watched', phase: result.phase, reason: result.analysis.reasons.join('; ') });
  }
}

/** Watches on what the last step left while the promotion cannot be written yet. Harm, and what cannot be measured, turn back. */
export async function watchPromotion({ input, control, brief }: Rollout, isOver: () => boolean): Promise<void> {
  const divided = control.split();
  const plan = brief!.analysis;
  const step = control.plan().steps[control.state().stepIndex];
  if (divided === null || plan === null || step === undefined) return condition(isOver); // nobody is sent to it yet
  const { shift, ...split } = divided;
  const { windowSeconds, errorSecondsMax, instances, unit } = brief!;
  const nowMs = Date.now();
  try {
    const watch = trafficWatch('watch on until the promotion is written', DAY_SECONDS);
    const result = await control.unlessMoved(
      () =>
        watch.watchArms({
          model: input.model,
          cycle: input.cycle,
          step: `${control.state().stepIndex}-${step.kind}`,
          mode: 'hold',
          times: { passAtMs: nowMs, endAtMs: nowMs, errorSecondsMax },
          windowSeconds,
          plan,
          unit,
          state: control.analysis(),
          isNewStep: false,
          instances,
          split,
          shift,
          previous: control.seen().digest,
        }),
      isOver,
      true,
      () => control.state().turnsBackNext,
    );
    if (result === null) return;
    control.watched(result);
    if (result.phase !== null) turnBackNext(result.analysis.reasons.join('; '));
  } catch (error) {
    turnBackNext(failureOf(error).message); // what is being written is not known: it is turned back as soon as it is
  }

  function turnBackNext(reason: string): void {
    control.happened({ kind: 'commanded', command: 'rollback', requestedBy: 'ratchet', reason });
  }
}

function now(): string {
  return new Date().toISOString();
}
