import { bakeWorkflowId, commandUpdate, rolloutStateQuery, rolloutWorkflowId, type RolloutView } from '../../src/workflows/messages.js';
import type { CommandName, RolloutState } from '../../src/domain/rollout.js';
import { SERVED, type SpecChange } from '../fakes/model-file.js';
import type { RunningLoop } from './loop.js';
import { asked, eventually, modelInTest } from './model-in-test.js';

const unattended = { gates: { whenNoChampion: 'pass' } };

/** A served model with a champion that has baked, and a challenger on its way. */
export async function challengerOf(loop: RunningLoop, change: SpecChange = {}, name?: string) {
  const model = modelInTest(loop, name);
  const first = await model.open({ ...unattended, serving: SERVED.serving });
  await (await model.startCycle(first)).result();
  const number = await model.open({ ...unattended, ...SERVED, ...change }, {}, { trainerCode: 'v2' });
  const cycle = await model.startCycle(number);
  const rollout = loop.client.workflow.getHandle(rolloutWorkflowId(model.name, number));
  const bake = loop.client.workflow.getHandle(bakeWorkflowId(model.name, number));
  const champion = `${model.name}-${first}`;
  const challenger = `${model.name}-${number}`;
  return { model, first, number, cycle, rollout, bake, champion, challenger, command, view, untilPhase, untilStep, split };

  async function view(of: 'rollout' | 'bake' = 'rollout'): Promise<RolloutView> {
    const handle = of === 'rollout' ? rollout : bake;
    return asked(loop, handle.workflowId, () => handle.query(rolloutStateQuery));
  }

  async function untilPhase(phase: RolloutState['phase'], of: 'rollout' | 'bake' = 'rollout'): Promise<RolloutView> {
    return eventually(
      () => view(of).catch(() => null),
      (seen) => seen !== null && seen.state.phase === phase,
    ) as Promise<RolloutView>;
  }

  async function untilStep(stepIndex: number): Promise<RolloutView> {
    return eventually(
      () => view().catch(() => null),
      (seen) =>
        seen !== null &&
        seen.state.phase === 'Progressing' &&
        seen.state.stepIndex === stepIndex &&
        seen.split !== null &&
        seen.note === '' &&
        (stepIndex === 0 || seen.split.mirror === null),
    ) as Promise<RolloutView>;
  }

  async function command(name: CommandName, of: 'rollout' | 'bake' = 'rollout') {
    return (of === 'rollout' ? rollout : bake).executeUpdate(commandUpdate, {
      args: [{ command: name, requestedBy: 'ana', reason: 'because' }],
    });
  }

  function split(): string {
    return loop.traffic.splitOf(model.name).replaceAll(challenger, 'new').replaceAll(champion, 'old');
  }
}
