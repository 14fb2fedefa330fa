import { condition, currentUpdateInfo, setHandler, uuid4, type ApplicationFailure } from '@temporalio/workflow';
import type { LedgerBody } from '../domain/ledger.js';
import type { Trigger } from '../domain/trigger.js';
import type { LifecycleMemory } from './lifecycle-memory.js';
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
  const loaded = (): Promise<void> => condition(() => inbox.isLoaded);

  setHandler(cycleEndedSignal, () => {
    inbox.look = true;
  });
  setHandler(triggerSignal, (trigger) => {
    if (typeof trigger?.key !== 'string' || trigger.key === '') return; // typed by hand and no trigger: there is nobody to answer
    memory.remember(trigger, Date.now());
    inbox.look = true;
  });
  setHandler(triggerUpdate, async (trigger: Trigger): Promise<TriggerReply> => {
    await loaded();
    if (ledger.state()?.specDigest == null) return refuse(`model ${model} has no spec yet: ratchet apply -f <model file>`);
    const duplicate = memory.seenKeys().some((seen) => seen.key === trigger.key);
    const refusal = duplicate ? null : memory.remember(trigger, Date.now());
    if (refusal !== null) return refuse(refusal);
    inbox.look = true;
    const position = memory.queue().findIndex((queued) => queued.trigger.key === trigger.key);
    return { key: trigger.key, duplicate, position: Math.max(0, position) };
  });
  setHandler(applyUpdate, async ({ specDigest, codeDigest, requestedBy }): Promise<ApplyReply> => {
    await loaded();
    const inForce = ledger.state();
    if (inForce?.specDigest === specDigest && inForce.codeDigest === codeDigest) return { changed: false, specDigest };
    await write({ kind: 'spec-applied', specDigest, codeDigest, requestedBy });
    return { changed: true, specDigest };
  });
  setHandler(pauseUpdate, async ({ requestedBy, reason }) => {
    await loaded();
    if (ledger.state()?.paused === true) return refuse(`model ${model} is already paused`);
    await write({ kind: 'paused', requestedBy, reason });
  });
  setHandler(resumeUpdate, async ({ requestedBy, reason }) => {
    await loaded();
    if (ledger.state()?.paused !== true) return refuse(`model ${model} is not paused`);
    await write({ kind: 'resumed', requestedBy, reason });
  });
  setHandler(backtestedUpdate, async ({ policyDigest, comparisons, requestedBy }) => {
    await loaded();
    await write({ kind: 'backtested', policyDigest, comparisons, requestedBy });
  });

  /** The update's id is the wish's key: a repeated update is the same record. */
  async function write(body: LedgerBody): Promise<void> {
    const command: Command = { key: `${currentUpdateInfo()?.id ?? uuid4()}/${body.kind}`, body, done: false, failure: null };
    inbox.commands.push(command);
    await condition(() => command.done);
    const { failure } = command;
    if (failure !== null) throw failure;
  }
}
