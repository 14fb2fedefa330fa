import {
  allHandlersFinished,
  condition,
  continueAsNew,
  patched,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { hasMachines, nextTrigger } from '../domain/decide/next-trigger.js';
import { createLifecycleMemory, type LifecycleMemory } from './lifecycle-memory.js';
import { listenForMessages, type Inbox } from './lifecycle-messages.js';
import { createLifecycleView } from './lifecycle-view.js';
import { refuseStrangeStart } from './message-shape.js';
import { lifecycleStateQuery, lifecycleWorkflowId, type LifecycleInput } from './messages.js';
import { createModelLedger, type ModelLedger } from './model-ledger.js';
import { RatchetModel } from './search-attributes.js';
import { createTriggerTally, type TriggerTally } from './trigger-tally.js';
import { foreseenFailureOf, failWith } from './workflow-failure.js';

const HOUR_MS = 3_600_000;
const HALF_MINUTE_MS = 30_000;

/**
 * One model, for as long as it lives: the spec in force, the queue of triggers, pause and resume, and the one open cycle.
 * Its state is a cache of the ledger, rebuilt at every start of a run. It starts cycles and never awaits their result.
 */
export async function modelLifecycle(input: LifecycleInput): Promise<void> {
  refuseStrangeStart({
    isInput: typeof input?.model === 'string',
    input: '{"model": <name>}',
    workflowId: lifecycleWorkflowId(input?.model),
  });
  const { model, carried } = input;
  const memory = createLifecycleMemory(carried);
  const ledger = createModelLedger(model, carried?.openCycle ?? null);
  const view = createLifecycleView(model, ledger, memory);
  const inbox: Inbox = { commands: [], isLoaded: false, look: true };
  setHandler(lifecycleStateQuery, view.state);
  const tally = createTriggerTally(model);
  listenForMessages(ledger, memory, inbox, { model, tally });

  await ledger.refresh();
  if (ledger.state()?.searchAttributes === true) upsertSearchAttributes([{ key: RatchetModel, value: model }]);
  inbox.isLoaded = true;
  const hasWork = (): boolean => inbox.commands.length > 0 || inbox.look;
  let troubledLooks = 0;
  for (;;) {
    await runCommands(inbox, ledger);
    if (inbox.look) {
      inbox.look = false;
      if (await ledger.settleOpenCycle()) memory.ended(Date.now());
      troubledLooks = ledger.trouble() === null ? 0 : troubledLooks + 1;
    }
    const waitUntilMs = await startNext(ledger, memory, inbox, tally);
    view.show();
    tally.tell();
    if (workflowInfo().continueAsNewSuggested) await endRun();
    await condition(() => allHandlersFinished() || hasWork());
    if (hasWork()) continue;
    if (ledger.isAbsent()) return; // started for a model that nobody ever applied: there is nothing to live for
    await ledger.project(); // last: a registry that is down keeps nobody waiting
    view.show();
    if (hasWork() || !allHandlersFinished()) continue;
    const isWoken = await waitFor(hasWork, ledger, waitUntilMs, troubledLooks);
    if (!isWoken) inbox.look = true;
  }

  /** Before anything else, or a steady stream of messages would put it off until the server ends the run. The next one looks at once. */
  async function endRun(): Promise<void> {
    while (!allHandlersFinished() || inbox.commands.length > 0) {
      await runCommands(inbox, ledger);
      await condition(() => allHandlersFinished() || inbox.commands.length > 0);
    }
    await continueAsNew<typeof modelLifecycle>({ model, carried: { ...memory.carry(), openCycle: ledger.openSeen() } });
  }
}

async function runCommands({ commands }: Inbox, ledger: ModelLedger): Promise<void> {
  for (let command = commands.shift(); command !== undefined; command = commands.shift()) {
    try {
      await ledger.append(command.key, command.body);
    } catch (error) {
      command.failure = failWith(foreseenFailureOf(error));
    }
    command.done = true;
  }
}

/** @returns when to look again, in milliseconds since 1970; null: when something happens */
async function startNext(ledger: ModelLedger, memory: LifecycleMemory, inbox: Inbox, tally: TriggerTally): Promise<number | null> {
  const asked = ledger.state();
  if (asked?.triggers == null || ledger.isStale()) return null;
  const holds = asked.paced === true && hasMachines(memory.queue()) ? await ledger.readHolds(Date.now()) : null;
  const inForce = ledger.state();
  if (inForce?.triggers == null) return null;
  if (holds === null && inForce.paced === true && hasMachines(memory.queue())) return null; // it came meanwhile, and asked for a look
  const nowMs = Date.now();
  const { next, queue, dropped, firingsMs } = nextTrigger(memory.queue(), inForce.triggers, {
    openCycle: inForce.openCycle,
    paused: inForce.paused,
    lastCycleEndedAtMs: memory.lastCycleEndedAtMs(),
    cycleStartsMs: memory.startedAtMs(),
    nowMs,
    firingsMs: memory.firingsMs(),
    ...(holds === null ? {} : { holds }),
  });
  memory.keep(queue, dropped, firingsMs);
  for (const { trigger, cause } of dropped) tally.dropped(trigger, cause);
  if (next.kind === 'wait') return next.untilMs;
  const started = await ledger.startCycle(next.trigger);
  if (typeof started === 'number') {
    memory.started(next.trigger, started, nowMs);
    // One of an earlier life of this workflow may be over: nobody will tell of its end.
    if (ledger.state()?.openCycle !== started && patched('adopted-cycle-may-be-over')) inbox.look = true;
  } else {
    memory.dropped(next.trigger, started.refusal);
    tally.dropped(next.trigger, 'refused');
    inbox.look = true; // the next one in the queue
  }
  return null;
}

/**
 * Sleeps until there is work. An open cycle and a bake are looked at hourly even where nothing happens, what troubles after half a
 * minute and then ever more seldom. @returns whether work came
 */
async function waitFor(hasWork: () => boolean, ledger: ModelLedger, waitUntilMs: number | null, troubledLooks: number): Promise<boolean> {
  const isTroubled = ledger.trouble() !== null;
  const nowMs = Date.now();
  const lookMs = isTroubled
    ? Math.min(HOUR_MS, HALF_MINUTE_MS * 2 ** troubledLooks)
    : ledger.state()?.openCycle == null && ledger.state()?.baking === undefined
      ? Infinity
      : HOUR_MS;
  const untilMs = Math.min(waitUntilMs ?? Infinity, nowMs + lookMs);
  if (untilMs === Infinity) {
    await condition(hasWork);
    return true;
  }
  const summary = isTroubled
    ? 'look again at what troubles'
    : lookMs === HOUR_MS
      ? 'look at the open cycle'
      : 'until the next trigger may start';
  return condition(hasWork, Math.max(1, untilMs - nowMs), { summary });
}
