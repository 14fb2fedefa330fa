import { allHandlersFinished, CancellationScope, condition, getExternalWorkflowHandle, patched, sleep } from '@temporalio/workflow';
import type { RollbackPlan } from '../activities/rollback-activities.js';
import { splitOfChampion } from '../domain/decide/traffic-splits.js';
import {
  backwardActivities,
  briefActivities,
  projectActivities,
  servingActivities,
  SHIFT_SECONDS_MAX,
  shortActivities,
} from './activity-proxies.js';
import { refuseStrangeStart } from './message-shape.js';
import {
  bakeEndedSignal,
  bakeWorkflowId,
  commandSignal,
  cycleEndedSignal,
  lifecycleWorkflowId,
  rollbackWorkflowId,
  rolloutWorkflowId,
  type RollbackInput,
  type RollbackResult,
} from './messages.js';
import { failureOf, failWith } from './workflow-failure.js';

const RETRY_MS = 500;
const LOOKS_MAX = 120;

/**
 * Makes an earlier champion champion again, from its artifacts, without retraining: its servers are started and proven, then
 * gets all requests, then the ledger says so. A rollout under way is turned back first; a bake is ended by it.
 */
export async function rollbackModel(input: RollbackInput): Promise<RollbackResult> {
  const { model, to, requestedBy, reason } = input;
  refuseStrangeStart({
    isInput: typeof model === 'string' && typeof requestedBy === 'string',
    input: '{"model": <name>, "to": <version or null>, "requestedBy": <name>, "reason": <text>}',
    workflowId: rollbackWorkflowId(model),
  });
  return CancellationScope.nonCancellable(async () => {
    const decidedAt = now();
    try {
      let plan = await shortActivities('which version, and is it still what it was').planRollback({ model, to });
      if (plan.openCycle !== null) plan = await endRollout(input, plan);
      await endBake(model, plan); // before two move the same traffic; the lifecycle starts it again where this comes to nothing
      const trafficBackAt = plan.servedBy === null ? null : await moveTraffic(model, plan, plan.servedBy);
      await shortActivities('record the rollback').recordRollback({
        model,
        plan,
        requestedBy,
        reason,
        decidedAt,
        trafficBackAt,
        at: now(),
      });
      // At once: a cycle that waits for signatures ends by it, whatever keeps the registry from being told.
      if (patched('told-right-after-the-record')) await lookAgain(model, plan.to.cycle);
      // Between the two the lifecycle may have begun it again, for the ledger still said that it is due.
      if (plan.baking !== null && patched('end-the-bake-after-the-record')) await endBake(model, plan);
      if (plan.servedBy !== null && patched('look-after-the-record')) {
        // Until it was written, the reconciliation may have taken the traffic for a fault and given it to the champion of then.
        await briefActivities('traffic as the ledger says')
          .reconcileModel({ model })
          .catch(() => undefined); // it is compared each minute
      }
      await projectActivities('move the alias and read it back')
        .projectChampion({ model })
        .catch(() => undefined); // the reconciliation does
      if (plan.servedBy !== null) {
        await servingActivities('end the servers that nobody is sent to')
          .retireOthers({ model, keep: [plan.instance] })
          .catch(() => undefined);
      }
      await lookAgain(model, plan.to.cycle);
      await condition(allHandlersFinished);
      return { from: plan.from, to: plan.to.version, trafficBackAt };
    } catch (error) {
      await lookAgain(model, 0);
      throw failWith(failureOf(error));
    }
  });
}

async function moveTraffic(model: string, plan: RollbackPlan, servedBy: number): Promise<string> {
  await servingActivities('start and prove its servers').prepareChampion({ model, version: plan.to, servedBy });
  for (;;) {
    const shift = (await backwardActivities('read the number of the last shift').readShift({ model })) + 1;
    try {
      const split = splitOfChampion(plan.instance);
      return await backwardActivities('all requests to it', plan.shiftSecondsMax).shiftTraffic({ model, cycle: servedBy, shift, split });
    } catch (error) {
      if (failureOf(error).type !== 'ShiftStale') await sleep(RETRY_MS, { summary: 'before the traffic is moved again' });
    }
  }
}

/** The challenger's rollout is told to turn back, and waited for: two may not move the same traffic. */
async function endRollout({ model, to, requestedBy, reason }: RollbackInput, { openCycle }: RollbackPlan): Promise<RollbackPlan> {
  const command = { command: 'abort', requestedBy, reason: `rollback: ${reason}` } as const;
  if (openCycle !== null)
    await getExternalWorkflowHandle(rolloutWorkflowId(model, openCycle))
      .signal(commandSignal, command)
      .catch(() => undefined);
  for (let looks = 0; ; looks++) {
    const plan = await shortActivities('is the rollout over').planRollback({ model, to });
    if (!plan.exposed) return plan;
    const { shiftSecondsMax = SHIFT_SECONDS_MAX } = plan;
    if (looks >= LOOKS_MAX) {
      const message = `model ${model}: its rollout did not turn back within ${shiftSecondsMax} s`;
      throw failWith({ type: 'RequestRefused', class: 'rejected', message, remedy: `ratchet rollout status ${model}, then ask again` });
    }
    await condition(() => false, (shiftSecondsMax * 1000) / LOOKS_MAX, { summary: 'until the rollout has turned back' });
  }
}

/** The lifecycle brings the registry, and a bake that is still due, to what the ledger says. */
async function lookAgain(model: string, cycle: number): Promise<void> {
  await getExternalWorkflowHandle(lifecycleWorkflowId(model))
    .signal(cycleEndedSignal, { cycle, outcome: 'promoted', isProjected: false })
    .catch(() => undefined);
}

/** Whoever watches the champion stands aside. */
async function endBake(model: string, { baking }: RollbackPlan): Promise<void> {
  if (baking === null) return;
  await getExternalWorkflowHandle(bakeWorkflowId(model, baking))
    .signal(bakeEndedSignal)
    .catch(() => undefined);
}

function now(): string {
  return new Date().toISOString();
}
