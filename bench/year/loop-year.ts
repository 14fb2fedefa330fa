import { addLabels } from '../../src/client/labels/add-labels.js';
import { enqueueTrigger, nextTrigger, type QueuedTrigger, type SeenKey } from '../../src/domain/decide/next-trigger.js';
import type { ModelVersion } from '../../src/domain/candidate.js';
import type { ModelSpec } from '../../src/domain/model-spec.js';
import type { Trigger } from '../../src/domain/trigger.js';
import {
  cycleStateQuery,
  cycleWorkflowId,
  monitorWorkflowId,
  TASK_QUEUE,
  voteUpdate,
  type CycleState,
  type MonitorModelResult,
} from '../../src/workflows/messages.js';
import { LABEL_HOURS, MONDAYS, monthOf, SERVED, type Fault } from './calendar.js';
import { spentInWords } from './tables.js';
import type { Spent, WarmSteps } from './warm-steps.js';
import { putRecipe } from './watched-model.js';
import type { ModelInYear, YearStack } from './year-stack.js';

const HOUR_MS = 3_600_000;
const LOOK_MS = 100;
const SIGNER = 'ada@ratchet.dev';

/** A cycle, as it went. */
export interface CycleTold {
  readonly at: string;
  readonly trigger: Trigger['kind'];
  readonly fault: Fault | null;
  readonly outcome: string;
  readonly reason: string;
}

export interface LoopYearResult {
  /** Flights that were asked about over HTTP, and how many of them got no answer. */
  readonly flights: { readonly asked: number; readonly refused: number };
  readonly cycles: readonly CycleTold[];
  readonly windows: number;
  /** Windows in which each kind of finding was found. */
  readonly found: Readonly<Record<string, number>>;
  readonly notices: number;
}

/** One model's year under the loop. `begin` makes and signs the first champion; `live` is all that follows. */
export function createLoopYear({
  name,
  policy,
  steps,
  folder,
  honest,
  faults,
}: {
  readonly name: string;
  readonly policy: string;
  readonly steps: WarmSteps;
  readonly folder: string;
  readonly honest: ModelSpec;
  readonly faults: Readonly<Record<string, Fault>>;
}) {
  const spent: Spent = {};
  const cycles: CycleTold[] = [];
  const found: Record<string, number> = {};
  let nowMs = Date.parse(SERVED.start);
  let spec = honest;
  let queue: readonly QueuedTrigger[] = [];
  let seenKeys: readonly SeenKey[] = [];
  let inForce = '';
  let windows = 0;
  const flights = { asked: 0, refused: 0 };
  let running: YearStack | undefined;

  const now = (): string => new Date(nowMs).toISOString();
  const model: ModelInYear = {
    now,
    work: ({ stage, input }) => steps.job(stage, input, spent),
    wish(trigger) {
      ({ queue, seenKeys } = enqueueTrigger(queue, seenKeys, trigger, nowMs));
    },
  };
  return { model, begin, live, spent };

  /** The first champion: a person asks for it, and signs. @returns digest of its model file */
  async function begin(on: YearStack): Promise<string> {
    running = on;
    model.wish({ key: 'first', kind: 'person', requestedBy: 'bench', reason: 'the first champion' });
    await startWhatMay();
    for (const stage of Object.keys(spent)) delete spent[stage]; // every policy begins with this one
    return (await champion()).model.digest;
  }

  /** Answers, labels, monitoring, and what that asks for, a week at a time. @param tell of each cycle as it ends */
  async function live(): Promise<LoopYearResult> {
    let servedTo: string = SERVED.start;
    let labelledTo: string = SERVED.start;
    for (const monday of MONDAYS) {
      await serveUntil(servedTo, monday);
      for (const hour of LABEL_HOURS.filter((at) => at > labelledTo && at <= monday)) {
        await bringLabels(labelledTo, hour);
        labelledTo = hour;
      }
      servedTo = monday;
      nowMs = Date.parse(monday);
      if (new Date(nowMs).getUTCDate() <= 7) console.log(`  ${name}: ${monday.slice(0, 10)}; CPU seconds so far ${spentInWords(spent)}`);
      await watch();
      await startWhatMay();
    }
    await serveUntil(servedTo, SERVED.end);
    return { flights, cycles, windows, found, notices: stack().notices.filter((notice) => notice.model === name).length };
  }

  function stack(): YearStack {
    if (running === undefined) throw new Error(`${name}: expected begin before anything else`);
    return running;
  }

  async function champion(): Promise<ModelVersion> {
    const version = (await stack().ledger.readState(name))?.state.champion;
    if (version == null) throw new Error(`${name}: expected a champion, found none`);
    return version;
  }

  async function serveUntil(start: string, end: string): Promise<void> {
    const { version, cycle, model: file } = await champion();
    const log = { model: name, version, instance: `${name}-${cycle}`, segment: start.replaceAll(/\D/g, '') };
    const { rows, refused } = await steps.serve({ policy, model: file.digest, start, end, log });
    flights.asked += rows;
    flights.refused += refused;
  }

  async function bringLabels(start: string, end: string): Promise<void> {
    const { rows, text } = await steps.labels({ start, end });
    if (rows === 0) return;
    const content = Buffer.from(text);
    await addLabels({
      store: stack().store,
      model: name,
      content,
      format: 'jsonl',
      name: `labels to ${end}`,
      skipBad: false,
      nowMs: Date.parse(end),
    });
  }

  async function watch(): Promise<void> {
    const { client } = stack();
    const handle = await client.workflow.start('monitorModel', {
      workflowId: `${monitorWorkflowId(name)}/${now()}`,
      taskQueue: TASK_QUEUE,
      args: [{ model: name }],
    });
    const { findings } = (await handle.result()) as MonitorModelResult;
    windows++;
    for (const { kind, state } of findings) if (state === 'found') found[kind] = (found[kind] ?? 0) + 1;
  }

  /** As the lifecycle does at every look, in the year's time: what the ledger holds back waits. */
  async function startWhatMay(): Promise<void> {
    for (;;) {
      const fault = faults[monthOf(now())] ?? null;
      await apply(fault);
      const holds = await stack().readHolds({ model: name, nowMs });
      const facts = { openCycle: null, paused: false, lastCycleEndedAtMs: null, cycleStartsMs: [], nowMs, holds };
      const step = nextTrigger(queue, spec.spec.triggers, facts);
      queue = step.queue;
      if (step.next.kind === 'wait') return;
      await runCycle(step.next.trigger, fault);
    }
  }

  async function apply(fault: Fault | null): Promise<void> {
    const recipe = await putRecipe(stack().store, folder, honest, { name, fault });
    const { specDigest, codeDigest } = recipe;
    spec = recipe.spec;
    if (inForce === specDigest) return;
    inForce = specDigest;
    const body = { kind: 'spec-applied', specDigest, codeDigest, requestedBy: 'bench' } as const;
    await stack().ledger.append({ model: name, key: `apply-${now()}/spec-applied`, body, expects: {}, at: now() });
  }

  async function runCycle(trigger: Trigger, fault: Fault | null): Promise<void> {
    const { client, ledger } = stack();
    const state = (await ledger.readState(name))!.state;
    const { seq: cycle } = await ledger.append({
      model: name,
      key: `${trigger.key}/cycle-started`,
      body: {
        kind: 'cycle-started',
        trigger,
        asOf: new Date(nowMs - spec.spec.data.label.delayHours * HOUR_MS).toISOString(),
        specDigest: state.specDigest!,
        codeDigest: state.codeDigest!,
        cites: {},
      },
      expects: { openCycle: null },
      at: now(),
    });
    const handle = await client.workflow.start('retrainCycle', {
      workflowId: cycleWorkflowId(name, cycle),
      taskQueue: TASK_QUEUE,
      args: [{ model: name, cycle }],
    });
    let isOver = false;
    const ended = handle
      .result()
      .catch(() => undefined) // how it went stands in the ledger
      .then(() => (isOver = true));
    while (!isOver && !(await waitsForPerson(handle))) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    if (!isOver) {
      const { candidateDigest } = await handle.query(cycleStateQuery);
      // The first one is signed. For anything else that asks, nobody is there: what 72 hours of silence come to is said at once.
      const decision = trigger.kind === 'person' ? 'approve' : 'reject';
      await handle.executeUpdate(voteUpdate, { args: [{ candidateDigest: candidateDigest!, signer: SIGNER, decision, comment: '' }] });
    }
    await ended;
    const { outcome, why } = await endOf(cycle);
    cycles.push({ at: now(), trigger: trigger.kind, fault, outcome, reason: why });
    console.log(`  ${name}: ${now().slice(0, 10)}, ${trigger.kind}${fault === null ? '' : `, ${fault}`}: ${outcome}: ${why.slice(0, 240)}`);
  }

  async function endOf(cycle: number): Promise<{ outcome: string; why: string }> {
    const bodies = (await stack().ledger.readRecords(name, { from: cycle })).map(({ body }) => body);
    const ended = bodies.find((body) => body.kind === 'cycle-ended');
    if (ended === undefined) throw new Error(`${name}: expected a record of how cycle ${cycle} ended, found none`);
    const { outcome, reason } = ended;
    if (!reason.startsWith('rejected by')) return { outcome, why: reason };
    return { outcome, why: `nobody signed: ${bodies.find((body) => body.kind === 'judged')?.reasons.join('; ')}` };
  }

  async function waitsForPerson(handle: { query(query: typeof cycleStateQuery): Promise<CycleState> }): Promise<boolean> {
    const { approval } = await handle.query(cycleStateQuery).catch(() => ({ approval: null }));
    return approval !== null && approval.outcome === null;
  }
}
