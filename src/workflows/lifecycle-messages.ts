import { condition, currentUpdateInfo, log, patched, setHandler, uuid4, type ApplicationFailure } from '@temporalio/workflow';
import type { ModelState } from '../activities/lifecycle-activities.js';
import { readTrigger } from '../domain/decide/read-trigger.js';
import type { LedgerBody } from '../domain/ledger.js';
import type { Trigger } from '../domain/trigger.js';
import { answeringActivities } from './activity-proxies.js';
import type { LifecycleMemory } from './lifecycle-memory.js';
import { refuseUnlessShaped } from './message-shape.js';
import {
  applyUpdate,
  backtestedUpdate,
  cycleEndedSignal,
  pauseServingUpdate,
  pauseUpdate,
  resumeServingUpdate,
  resumeUpdate,
  triggerSignal,
  triggerUpdate,
  type ApplyReply,
  type PauseRequest,
  type PauseServingRequest,
  type ServingReply,
  type TriggerReply,
} from './messages.js';
import type { ModelLedger } from './model-ledger.js';
import type { TriggerTally } from './trigger-tally.js';
import { foreseenFailureOf, inWords, refuse } from './workflow-failure.js';
import { createTurns } from './wishes-in-turn.js';

/** A message that writes to the ledger: the handler enqueues it, the loop writes, the handler answers. */
export interface Command {
  readonly key: string;
  readonly body: LedgerBody;
  done: boolean;
  failure: ApplicationFailure | null;
}

/** What the loop looks at: filled by messages, emptied by the loop. */
export interface Inbox {
  readonly commands: Command[];
  /** The ledger has been read: only then is anything known to answer by. */
  isLoaded: boolean;
  /** Something happened to the open cycle, or somebody waits for it: look at once. */
  look: boolean;
}

/** Registers the lifecycle's messages. Handlers only enqueue; the loop does. */
export function listenForMessages(
  ledger: ModelLedger,
  memory: LifecycleMemory,
  inbox: Inbox,
  { model, tally }: { readonly model: string; readonly tally: TriggerTally },
): void {
  let isMovingServing = false;
  const inTurn = createTurns();
  setHandler(cycleEndedSignal, (ended) => {
    if (ended?.isProjected === false) ledger.projectAgain();
    inbox.look = true;
  });
  setHandler(triggerSignal, (payload) => {
    const trigger = readTrigger(payload);
    if (typeof trigger === 'string') return log.warn(`a trigger for ${model} was dropped`, { reason: trigger }); // there is nobody to answer
    const isKnown = memory.isKnown(trigger.key);
    const refusal = memory.remember(trigger, Date.now());
    tally.received(trigger, refusal === null ? 'accepted' : isKnown ? 'duplicate' : 'refused');
    if (refusal !== null && patched('a-refused-signal-is-remembered')) memory.refused(trigger, refusal, Date.now());
    inbox.look = true;
  });
  setHandler(
    triggerUpdate,
    async (payload): Promise<TriggerReply> => {
      const trigger = shapedTrigger(payload);
      const inForce = await readLedger();
      if (inForce?.specDigest == null) return refuse(`model ${model} has no spec yet: ratchet apply -f <model file>`);
      const duplicate = memory.isKnown(trigger.key);
      const refusal = duplicate ? null : memory.remember(trigger, Date.now());
      tally.received(trigger, duplicate ? 'duplicate' : refusal === null ? 'accepted' : 'refused');
      if (refusal !== null) return refuse(refusal);
      inbox.look = true;
      const position = memory.queue().findIndex((queued) => queued.trigger.key === trigger.key);
      return { key: trigger.key, duplicate, position: Math.max(0, position) };
    },
    { validator: (payload) => void shapedTrigger(payload) },
  );
  setHandler(
    applyUpdate,
    ({ specDigest, codeDigest, requestedBy }): Promise<ApplyReply> =>
      inTurn(async () => {
        const inForce = await readLedger();
        const isInForce = !ledger.isStale() && inForce?.specDigest === specDigest && inForce.codeDigest === codeDigest;
        if (isInForce) return { changed: false, specDigest };
        await write({ kind: 'spec-applied', specDigest, codeDigest, requestedBy });
        return { changed: true, specDigest };
      }),
    {
      validator: (request) =>
        refuseUnlessShaped('a spec to apply', request, { specDigest: 'digest', codeDigest: 'digest', requestedBy: 'name' }),
    },
  );
  setHandler(
    pauseUpdate,
    ({ requestedBy, reason }) =>
      inTurn(async () => {
        if (isPaused(await readLedger())) return refuse(`model ${model} is already paused`);
        await write({ kind: 'paused', requestedBy, reason });
      }),
    { validator: (request) => refuseUnlessShaped('a pause', request, { requestedBy: 'name', reason: 'text' }) },
  );
  setHandler(
    resumeUpdate,
    ({ requestedBy, reason }) =>
      inTurn(async () => {
        if (isPaused(await readLedger()) === false) return refuse(`model ${model} is not paused`);
        await write({ kind: 'resumed', requestedBy, reason });
      }),
    { validator: (request) => refuseUnlessShaped('a resume', request, { requestedBy: 'name', reason: 'text' }) },
  );
  setHandler(pauseServingUpdate, (request) => oneAtATime(() => pauseServing(request)), {
    validator: (request) =>
      refuseUnlessShaped('a pause of serving', request, {
        requestedBy: 'name',
        reason: 'text',
        documentDigest: 'digestOrNull',
        wish: 'textOrNull',
      }),
  });
  setHandler(resumeServingUpdate, (request) => oneAtATime(() => resumeServing(request)), {
    validator: (request) => refuseUnlessShaped('a resume of serving', request, { requestedBy: 'name', reason: 'text' }),
  });
  setHandler(
    backtestedUpdate,
    async ({ policyDigest, comparisons, requestedBy }) => {
      await readLedger();
      await write({ kind: 'backtested', policyDigest, comparisons, requestedBy });
    },
    {
      validator: (request) =>
        refuseUnlessShaped('a backtest', request, { policyDigest: 'digest', comparisons: 'count', requestedBy: 'name' }),
    },
  );

  /** The state by which a message is answered. Where the ledger could never be read, nothing is known to answer by. */
  async function readLedger(): Promise<ModelState | null> {
    await condition(() => inbox.isLoaded);
    const trouble = ledger.trouble();
    if (ledger.state() === null && trouble !== null) refuse(`the ledger of model ${model} cannot be read: ${trouble}`);
    return ledger.state();
  }

  /** A pause and a resume follow each other: the newer one is the newer record, and what is in force in the end. */
  async function oneAtATime<T>(work: () => Promise<T>): Promise<T> {
    await condition(() => inbox.isLoaded);
    while (isMovingServing) await condition(() => !isMovingServing); // of two that wake at once the first goes
    isMovingServing = true;
    try {
      return await work();
    } finally {
      isMovingServing = false;
    }
  }

  async function pauseServing({ requestedBy, reason, documentDigest, wish }: PauseServingRequest): Promise<ServingReply> {
    const known = await readLedger();
    const unpausable = await asked(() => answeringActivities('can its requests be refused').whyUnpausable({ model }));
    if (unpausable.value != null) return { isPaused: false, trouble: `serving of ${model} cannot be paused: ${unpausable.value}` };
    // A wish with a name is recorded under it, so that it is never a new one.
    const isKnown = wish === null && !ledger.isStale() && known?.servingPaused === true;
    if (!isKnown) await write({ kind: 'serving-paused', requestedBy, reason, documentDigest }, wish);
    return holdTraffic(true);
  }

  async function resumeServing({ requestedBy, reason }: PauseRequest): Promise<ServingReply> {
    const known = await readLedger();
    if (!ledger.isStale() && known?.servingPaused !== true) return refuse(`serving of ${model} is not paused`);
    await write({ kind: 'serving-resumed', requestedBy, reason });
    return holdTraffic(false);
  }

  /** null: nobody knows while the ledger cannot be read. A wish is recorded then, whatever was before it. */
  function isPaused(known: ModelState | null): boolean | null {
    return ledger.isStale() && patched('a-stale-ledger-refuses-no-pause') ? null : known?.paused === true;
  }

  /** Whoever asked hears within seconds; what is recorded is brought about by the reconciliation. */
  async function holdTraffic(wanted: boolean): Promise<ServingReply> {
    const { value: isPaused = wanted, trouble } = await asked(() =>
      answeringActivities('requests as the ledger says').holdTraffic({ model }),
    );
    return { isPaused, trouble: isPaused === wanted ? trouble : 'somebody has asked for the other since' };
  }

  async function asked<T>(question: () => Promise<T>): Promise<{ value?: T; trouble: string | null }> {
    try {
      return { value: await question(), trouble: null };
    } catch (error) {
      return { trouble: inWords(foreseenFailureOf(error)) };
    }
  }

  /** The update's id is the wish's key: a repeated update is the same record. */
  async function write(body: LedgerBody, wish: string | null = null): Promise<void> {
    const command: Command = { key: `${wish ?? currentUpdateInfo()?.id ?? uuid4()}/${body.kind}`, body, done: false, failure: null };
    inbox.commands.push(command);
    await condition(() => command.done);
    const { failure } = command;
    if (failure !== null) throw failure;
  }
}

function shapedTrigger(payload: unknown): Trigger {
  const trigger = readTrigger(payload);
  return typeof trigger === 'string' ? refuse(trigger) : trigger;
}
