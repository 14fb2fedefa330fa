import { getClient } from '@temporalio/activity';
import { isClosed } from '../domain/closed-workflow.js';
import { decidedAgainst } from '../domain/decide/decided-against.js';
import type { Digest } from '../domain/digest.js';
import type { Stage } from '../domain/evidence.js';
import { RatchetError } from '../domain/failure.js';
import type { CycleOutcome, LedgerBody, LedgerRecord } from '../domain/ledger.js';
import { ModelSpec } from '../domain/model-spec.js';
import type { Trigger, TriggersSpec } from '../domain/trigger.js';
import type { JobCluster } from '../ports/job-cluster.js';
import type { ObjectStore } from '../ports/object-store.js';
import type { TrafficRouter } from '../ports/traffic-router.js';
import { recordCost } from './cycle-cost.js';
import { getDocument } from './documents.js';
import { lastRecent } from './recent-record.js';
import type { Ledger } from './ledger.js';
import { withdrawExposure } from './settle-traffic.js';

export interface LifecycleActivityPorts {
  readonly store: ObjectStore;
  readonly ledger: Ledger;
  readonly jobCluster: JobCluster;
  readonly router: TrafficRouter;
  readonly searchAttributes: boolean;
}

/** What the lifecycle caches of the ledger; rebuilt at every start of a run. */
export interface ModelState {
  readonly paused: boolean;
  readonly specDigest: Digest | null;
  readonly codeDigest: Digest | null;
  readonly generation: number;
  readonly champion: { readonly version: string; readonly cycle: number } | null;
  readonly openCycle: number | null;
  /** The cycle whose promoted version is still watched; absent: none is. */
  readonly baking?: number;
  /** From the spec in force; null before the first one, and where it cannot be read. */
  readonly triggers: TriggersSpec | null;
  /** Why the spec in force cannot be read; null: it can, or there is none. */
  readonly specProblem: string | null;
  /** How long after its time a row's label is mature, by the spec in force. */
  readonly labelDelayHours: number;
  readonly searchAttributes: boolean;
  /** What holds machines back is asked of the ledger; absent in histories that are older than the question. */
  readonly paced?: true;
  /** Its requests are refused. */
  readonly servingPaused?: true;
}

/** A query that nobody answers must not keep a cycle from being settled. */
const LAST_WORDS_MS = 10_000;

export type CycleProbe = 'running' | 'absent' | 'closed';

/** What a retry may cite, or why there is nothing to retry. */
export type Citations = { readonly asOf: string; readonly cites: Partial<Record<Stage, Digest>> } | { readonly refusal: string };

export function createLifecycleActivities({ store, ledger, jobCluster, router, searchAttributes }: LifecycleActivityPorts) {
  return { readModelState, probeCycle, settleCycle, findCitations, findCycleOf, requestTrigger };

  async function readModelState({ model }: { model: string }): Promise<ModelState | null> {
    const head = await ledger.readState(model);
    if (head === null) return null;
    const { paused, specDigest, codeDigest, generation, champion, openCycle, bake, servingPaused } = head.state;
    const { spec, problem } = specDigest === null ? { spec: null, problem: null } : await readSpec(specDigest);
    return {
      paused,
      specDigest,
      codeDigest,
      generation,
      champion: champion && { version: champion.version, cycle: champion.cycle },
      openCycle,
      ...(bake === undefined ? {} : { baking: bake.cycle }),
      triggers: spec?.spec.triggers ?? null,
      specProblem: problem,
      labelDelayHours: spec?.spec.data.label.delayHours ?? 0,
      searchAttributes,
      paced: true,
      ...(servingPaused === undefined ? {} : { servingPaused: true }),
    };
  }

  /** A spec that is gone, or of a format that is no longer read, must not keep people from applying another one. */
  async function readSpec(digest: Digest): Promise<{ spec: ModelSpec | null; problem: string | null }> {
    try {
      return { spec: await getDocument(store, ModelSpec, 'spec', digest), problem: null };
    } catch (error) {
      if (!(error instanceof RatchetError) || (error.type !== 'EvidenceMissing' && error.type !== 'EvidenceCorrupt')) throw error;
      const remedy = 'ratchet apply -f <model file> puts another one in force';
      return { spec: null, problem: `the spec in force cannot be read: ${error.message} → ${remedy}` };
    }
  }

  /** Whether the workflow of a cycle runs, has closed, or is not there. */
  async function probeCycle({ workflowId }: { workflowId: string }): Promise<CycleProbe> {
    try {
      const { status } = await getClient().workflow.getHandle(workflowId).describe();
      return isClosed(status.name) ? 'closed' : 'running';
    } catch (error) {
      if (error instanceof Error && error.name === 'WorkflowNotFoundError') return 'absent';
      throw error;
    }
  }

  /**
   * Ends a cycle whose workflow closed without a word (terminated, or its history is gone): its jobs are stopped, traffic
   * is given back, and the ledger says what is known. What was recorded stands: a promotion, and a decision against it.
   */
  async function settleCycle({
    model,
    cycle,
    workflowId,
    at,
  }: {
    model: string;
    cycle: number;
    workflowId: string;
    at: string;
  }): Promise<CycleOutcome> {
    const records = await ledger.readCycle(model, cycle);
    const ended = records.find(({ body }) => body.kind === 'cycle-ended' && body.cycle === cycle)?.body;
    if (ended?.kind === 'cycle-ended') return ended.outcome;
    for (const job of await jobCluster.listRunning({ model, cycle })) {
      if (job.model === model && job.cycle === cycle) await jobCluster.stop(job.name);
    }
    await recordCost({ store, ledger, jobCluster }, { model, cycle });
    const promoted = records.some(({ body }) => body.kind === 'promoted' && body.cycle === cycle);
    const { evidence, stage } = promoted ? { evidence: {}, stage: null } : await lastWords(workflowId);
    if (!promoted) await withdrawExposure({ ledger, router }, { model, cycle, reason: 'its cycle was ended from outside', at });
    const no = decidedAgainst(bodiesOf(records), cycle);
    const reason = promoted
      ? 'promoted; its workflow was ended before it could say so'
      : (no?.reason ?? 'its workflow was ended from outside, without a word');
    const outcome: CycleOutcome = promoted ? 'promoted' : (no?.outcome ?? 'failed');
    const failure =
      outcome === 'failed' ? { type: 'JobLost', class: 'lost', message: reason, remedy: `ratchet retry ${model} ${cycle}` } : null;
    await ledger.append({
      model,
      key: `${cycle}/cycle-ended`,
      body: { kind: 'cycle-ended', cycle, outcome, stage, reason, failure, evidence },
      expects: { openCycle: cycle },
      at,
    });
    return outcome;
  }

  /** Closed workflows still answer queries while their history is kept: what was finished need not be worked again. */
  async function lastWords(workflowId: string): Promise<{ evidence: Partial<Record<Stage, Digest>>; stage: Stage | null }> {
    try {
      const client = getClient();
      const ask = (): Promise<LastWords> => client.workflow.getHandle(workflowId).query<LastWords>('cycleState');
      const state = await client.withDeadline(Date.now() + LAST_WORDS_MS, ask);
      const done = state.stages
        .filter((stage) => stage.result !== null)
        .map((stage) => [stage.stage, stage.result!.evidenceDigest] as const);
      const stopped = state.stages.find((stage) => stage.phase === 'Running' || stage.phase === 'Failed');
      return { evidence: Object.fromEntries(done), stage: stopped?.stage ?? null };
    } catch {
      return { evidence: {}, stage: null }; // the history is gone, or today's code cannot read it: a retry starts from the first stage
    }
  }

  /** What `ratchet retry` goes on with. Only a cycle that failed or was aborted can be retried: a verdict stands. */
  async function findCitations({ model, cycle }: { model: string; cycle: number }): Promise<Citations> {
    const records = await ledger.readCycle(model, cycle);
    const started = records[0]?.body;
    if (started?.kind !== 'cycle-started') return { refusal: `there is no cycle ${cycle}: ratchet history ${model} lists them` };
    const ended = endOf(records, cycle);
    if (ended === null) return { refusal: `cycle ${cycle} is still open: ratchet status ${model}` };
    const decided =
      ended.outcome === 'failed' || ended.outcome === 'aborted' ? decidedAgainst(bodiesOf(records), cycle)?.outcome : ended.outcome;
    if (decided !== undefined) {
      return {
        refusal: `cycle ${cycle} ${decided === ended.outcome ? 'ended' : 'was'} ${decided}, by a decision and not by a failure: ratchet trigger ${model} starts a new one`,
      };
    }
    // A retry that ended early finished little itself; what it was to cite is as good as before.
    return { asOf: started.asOf, cites: { ...started.cites, ...ended.evidence } };
  }

  /** The cycle that a trigger already became, where the lifecycle forgot it (terminated, reset); null: none that is known. */
  async function findCycleOf({ model, key }: { model: string; key: string }): Promise<number | null> {
    const started = await lastRecent(ledger, model, ({ body }) => body.kind === 'cycle-started' && body.trigger.key === key);
    return started?.seq ?? null;
  }

  /** A machine's wish for a cycle: wakes the lifecycle where it does not run. The same key is the same wish. */
  async function requestTrigger({
    model,
    workflowId,
    taskQueue,
    trigger,
  }: {
    model: string;
    workflowId: string;
    taskQueue: string;
    trigger: Trigger;
  }): Promise<void> {
    if ((await ledger.readState(model)) === null) {
      throw new RatchetError('ModelUnknown', `model ${model}: expected a ledger, found none`, {
        remedy: 'ratchet apply -f <model file>, or delete its schedule',
      });
    }
    await getClient().workflow.signalWithStart('modelLifecycle', {
      workflowId,
      taskQueue,
      args: [{ model }],
      signal: 'triggerSignal',
      signalArgs: [trigger],
    });
  }
}

interface LastWords {
  readonly stages: readonly { stage: Stage; phase: string; result: { evidenceDigest: Digest } | null }[];
}

function bodiesOf(records: readonly LedgerRecord[]): LedgerBody[] {
  return records.map(({ body }) => body);
}

function endOf(records: readonly LedgerRecord[], cycle: number): Extract<LedgerRecord['body'], { kind: 'cycle-ended' }> | null {
  for (const { body } of records) if (body.kind === 'cycle-ended' && body.cycle === cycle) return body;
  return null;
}
