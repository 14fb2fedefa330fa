import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { getExternalWorkflowHandle, ParentClosePolicy, patched, startChild, WorkflowIdReusePolicy } from '@temporalio/workflow';
import type { ModelState } from '../activities/lifecycle-activities.js';
import { inOffsetOf } from '../domain/decide/data-window.js';
import type { MachineHolds } from '../domain/decide/machine-holds.js';
import type { Failure } from '../domain/failure.js';
import type { LedgerBody, LedgerExpects } from '../domain/ledger.js';
import type { Trigger } from '../domain/trigger.js';
import { briefActivities, shortActivities } from './activity-proxies.js';
import { bakeChampion } from './bake-champion.js';
import { bakeWorkflowId, championChangedSignal, cycleWorkflowId, TASK_QUEUE } from './messages.js';
import { retrainCycle } from './retrain-cycle.js';
import { RatchetModel, RatchetTrigger } from './search-attributes.js';
import { foreseenFailureOf, inWords } from './workflow-failure.js';

const HOUR_MS = 3_600_000;
/** No message is answered while the registry is looked at, and who sends one gives up after half a minute. */
const PROJECTION_SECONDS = 15;

export type ModelLedger = ReturnType<typeof createModelLedger>;

/**
 * The lifecycle's view of the ledger: a cache of the head, and the few things that the lifecycle does to it.
 * @param openBefore the cycle that was open when the last run ended.
 */
export function createModelLedger(model: string, openBefore: number | null) {
  let cached: ModelState | null = null;
  let openSeen = openBefore;
  let isProjected = false;
  /** The one whose champion the open cycle is compared with, or was told of since; null: this run has not looked yet. */
  let generationTold: number | null = null;
  const troubles: { ledger?: string; spec?: string; cycle?: string; pace?: string; registry?: string } = {};
  return {
    state: () => cached,
    /** The cache may be older than what was just written: nothing may be started by it. */
    isStale: () => troubles.ledger !== undefined,
    isAbsent: () => cached === null && trouble() === null,
    trouble,
    openSeen: () => openSeen,
    refresh,
    append,
    settleOpenCycle,
    readHolds,
    startCycle,
    project,
    projectAgain: () => void (isProjected = false),
  };

  /** What keeps the loop from going on and what a person can do about it, in words; null: nothing. */
  function trouble(): string | null {
    return troubles.ledger ?? troubles.spec ?? troubles.cycle ?? troubles.pace ?? troubles.registry ?? null;
  }

  /** Reads the head. What keeps it from being read is kept as trouble, and looked at again later. */
  async function refresh(): Promise<void> {
    try {
      cached = await briefActivities('read the ledger').readModelState({ model });
      openSeen ??= cached?.openCycle ?? null;
      delete troubles.ledger;
      if (cached?.specProblem == null) delete troubles.spec;
      else troubles.spec = cached.specProblem;
    } catch (error) {
      troubles.ledger = inWords(foreseenFailureOf(error));
    }
  }

  /** What holds machines back now. What cannot be known holds all of them, never people. */
  async function readHolds(nowMs: number): Promise<MachineHolds> {
    const { holds, trouble: words } = await askForHolds(model, nowMs);
    if (words === null) delete troubles.pace;
    else troubles.pace = words;
    return holds;
  }

  async function append(key: string, body: LedgerBody, expects: LedgerExpects = {}): Promise<number> {
    const { seq } = await shortActivities(`record: ${body.kind}`).appendRecord({ model, key, body, expects, at: now() });
    await refresh();
    return seq;
  }

  /** Sees to the open cycle: starts it where it never started, settles it where it closed silently. @returns whether a cycle has ended */
  async function settleOpenCycle(): Promise<boolean> {
    await refresh();
    const openCycle = cached?.openCycle ?? null;
    try {
      if (openCycle !== null) await seeTo(openCycle);
      if (cached?.baking !== undefined) await seeToBake(cached.baking);
      delete troubles.cycle;
    } catch (error) {
      troubles.cycle = inWords(foreseenFailureOf(error));
    }
    const stillOpen = cached?.openCycle ?? null;
    const hasEnded = openSeen !== null && openSeen !== stillOpen;
    openSeen = stillOpen;
    return hasEnded;
  }

  async function seeTo(openCycle: number): Promise<void> {
    const workflowId = cycleWorkflowId(model, openCycle);
    const probe = await briefActivities(`look at cycle ${openCycle}`).probeCycle({ workflowId });
    if (probe === 'running') {
      const isTold = cached === null || generationTold === cached.generation;
      generationTold = cached?.generation ?? null;
      return isTold ? undefined : tellOfChampion(workflowId);
    }
    if (probe === 'absent') return launch(openCycle, 'person');
    const settle = briefActivities(`settle cycle ${openCycle}, which closed silently`);
    const outcome = await settle.settleCycle({ model, cycle: openCycle, workflowId, at: now() });
    if (outcome === 'promoted') isProjected = false; // it may not have come to its last step
    await refresh();
  }

  /** The ledger says that a promoted version is watched: then it is, also where the rollout could not start its watch. */
  async function seeToBake(cycle: number): Promise<void> {
    const workflowId = bakeWorkflowId(model, cycle);
    if ((await briefActivities(`look at the bake of cycle ${cycle}`).probeCycle({ workflowId })) === 'running') return;
    await startBake(model, cycle);
  }

  /** Brings the registry to what the ledger says: at the start of a run, and where a cycle could not. */
  async function project(): Promise<void> {
    if (isProjected || cached === null) return;
    try {
      if (cached.champion !== null)
        await briefActivities('compare the registry with the ledger', PROJECTION_SECONDS).projectChampion({ model });
      isProjected = true;
      delete troubles.registry;
    } catch (error) {
      troubles.registry = inWords(foreseenFailureOf(error));
    }
  }

  /** @returns the cycle's number, or why the trigger came to nothing */
  async function startCycle(trigger: Trigger): Promise<number | { refusal: string }> {
    const { specDigest, codeDigest, generation = null } = cached ?? {};
    if (specDigest == null || codeDigest == null) return { refusal: 'the model has no spec' };
    try {
      const citations =
        trigger.retryOf === undefined
          ? null
          : await shortActivities(`what can be cited of cycle ${trigger.retryOf}`).findCitations({ model, cycle: trigger.retryOf });
      if (citations !== null && 'refusal' in citations) return citations;
      const asOf = windowEnd(trigger.asOf ?? citations?.asOf, cached?.labelDelayHours ?? 0);
      const cites = citations?.cites ?? {};
      const cycle = await append(
        `${trigger.key}/cycle-started`,
        { kind: 'cycle-started', trigger, asOf, specDigest, codeDigest, cites },
        { openCycle: null, specDigest, codeDigest, paused: false },
      );
      generationTold = generation;
      await launch(cycle, trigger.kind);
      return cycle;
    } catch (error) {
      return adoptCycle(trigger, foreseenFailureOf(error));
    }
  }

  /** A wish that an earlier life of this workflow made a cycle of is that cycle, whatever time it is now. */
  async function adoptCycle({ key, kind }: Trigger, failure: Failure): Promise<number | { refusal: string }> {
    await refresh();
    if (failure.type !== 'LedgerConflict') return { refusal: inWords(failure) };
    try {
      const cycle = await briefActivities(`the cycle of trigger ${key}`).findCycleOf({ model, key });
      if (cycle === null) return { refusal: inWords(failure) };
      if (cycle === cached?.openCycle) await launch(cycle, kind);
      return cycle;
    } catch (error) {
      foreseenFailureOf(error);
      return { refusal: inWords(failure) };
    }
  }

  /** The cycle lives on by itself: ABANDON, or it would be terminated when the lifecycle continues as new. */
  async function launch(cycle: number, triggerKind: string): Promise<void> {
    await unlessRunning(
      startChild(retrainCycle, {
        workflowId: cycleWorkflowId(model, cycle),
        taskQueue: TASK_QUEUE,
        args: [{ model, cycle }],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
        staticSummary: `Cycle ${cycle} of ${model}`,
        ...(cached?.searchAttributes === true
          ? {
              typedSearchAttributes: [
                { key: RatchetModel, value: model },
                { key: RatchetTrigger, value: triggerKind },
              ],
            }
          : {}),
      }),
    );
  }
}

/** A rollback: what the cycle compared itself with is champion no more. */
async function tellOfChampion(workflowId: string): Promise<void> {
  if (!patched('an-open-cycle-hears-of-another-champion')) return;
  await getExternalWorkflowHandle(workflowId)
    .signal(championChangedSignal)
    .catch(() => undefined); // it has just ended
}

async function startBake(model: string, cycle: number): Promise<void> {
  await unlessRunning(
    startChild(bakeChampion, {
      workflowId: bakeWorkflowId(model, cycle),
      taskQueue: TASK_QUEUE,
      args: [{ model, cycle }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      staticSummary: `Bake of ${model}, cycle ${cycle}`,
    }),
  );
}

async function askForHolds(model: string, nowMs: number): Promise<{ holds: MachineHolds; trouble: string | null }> {
  try {
    return { holds: await briefActivities('what holds machines back').readHolds({ model, nowMs }), trouble: null };
  } catch (error) {
    const trouble = inWords(foreseenFailureOf(error));
    return { holds: { all: { reason: `what past cycles did cannot be read: ${trouble}`, untilMs: null }, kinds: {} }, trouble };
  }
}

/** It runs: that is what we wanted. */
async function unlessRunning(starting: Promise<unknown>): Promise<void> {
  try {
    await starting;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

function now(): string {
  return new Date().toISOString();
}

/** The end of the data window: what was asked for, and never later than the last row whose label is mature now. */
function windowEnd(asked: string | undefined, labelDelayHours: number): string {
  const matureMs = Date.now() - labelDelayHours * HOUR_MS;
  return inOffsetOf(asked, Math.min(asked === undefined ? Infinity : Date.parse(asked), matureMs));
}
