import { condition, currentUpdateInfo, log, patched, setHandler, uuid4, type ApplicationFailure } from '@temporalio/workflow';
import type { ModelState } from '../activities/lifecycle-activities.js';
import { readTrigger } from '../domain/decide/read-trigger.js';
import type { LedgerBody } from '../domain/ledger.js';
import type { Trigger } from '../domain/trigger.js';
import type { LifecycleMemory } from './lifecycle-memory.js';
import { refuseUnlessShaped } from './message-shape.js';
import {
  applyUpdate,
  backtestedUpdate,
  cycleEndedSignal,
  pauseUpdate,
  resumeUpdate,
  triggerSignal,
  triggerUpdate,
  type ApplyReply,
  type TriggerReply,
} from './messages.js';
import type { ModelLedger } from './model-ledger.js';
import { refuse } from './workflow-failure.js';

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
export function listenForMessages(model: string, ledger: ModelLedger, memory: LifecycleMemory, inbox: Inbox): void {
  setHandler(cycleEndedSignal, (ended) => {
    if (ended?.isProjected === false) ledger.projectAgain();
    inbox.look = true;
  });
  setHandler(triggerSignal, (payload) => {
    const trigger = readTrigger(payload);
    if (typeof trigger === 'string') return log.warn(`a trigger for ${model} was dropped`, { reason: trigger }); // there is nobody to answer
    const refusal = memory.remember(trigger, Date.now());
    if (refusal !== null && patched('a-refused-signal-is-remembered')) memory.refused(trigger, refusal, Date.now());
    inbox.look = true;
  });
  setHandler(
    triggerUpdate,
    async (payload): Promise<TriggerReply> => {
      const trigger = shapedTrigger(payload);
      const inForce = await readLedger();
      if (inForce?.specDigest == null) return refuse(`model ${model} has no spec yet: ratchet apply -f <model file>`);
      const duplicate = memory.seenKeys().some((seen) => seen.key === trigger.key);
      const refusal = duplicate ? null : memory.remember(trigger, Date.now());
      if (refusal !== null) return refuse(refusal);
      inbox.look = true;
      const position = memory.queue().findIndex((queued) => queued.trigger.key === trigger.key);
      return { key: trigger.key, duplicate, position: Math.max(0, position) };
    },
    { validator: (payload) => void shapedTrigger(payload) },
  );
  setHandler(
    applyUpdate,
    async ({ specDigest, codeDigest, requestedBy }): Promise<ApplyReply> => {
      const inForce = await readLedger();
      const isInForce = !ledger.isStale() && inForce?.specDigest === specDigest && inForce.codeDigest === codeDigest;
      if (isInForce) return { changed: false, specDigest };
      await write({ kind: 'spec-applied', specDigest, codeDigest, requestedBy });
      return { changed: true, specDigest };
    },
    {
      validator: (request) =>
        refuseUnlessShaped('a spec to apply', request, { specDigest: 'digest', codeDigest: 'digest', requestedBy: 'name' }),
    },
  );
  setHandler(
    pauseUpdate,
    async ({ requestedBy, reason }) => {
      if ((await readLedger())?.paused === true) return refuse(`model ${model} is already paused`);
      await write({ kind: 'paused', requestedBy, reason });
    },
    { validator: (request) => refuseUnlessShaped('a pause', request, { requestedBy: 'name', reason: 'text' }) },
  );
  setHandler(
    resumeUpdate,
    async ({ requestedBy, reason }) => {
      if ((await readLedger())?.paused !== true) return refuse(`model ${model} is not paused`);
      await write({ kind: 'resumed', requestedBy, reason });
    },
    { validator: (request) => refuseUnlessShaped('a resume', request, { requestedBy: 'name', reason: 'text' }) },
  );
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

  /** The update's id is the wish's key: a repeated update is the same record. */
  async function write(body: LedgerBody): Promise<void> {
    const command: Command = { key: `${currentUpdateInfo()?.id ?? uuid4()}/${body.kind}`, body, done: false, failure: null };
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
