import type { Digest } from '../domain/digest.js';
import { analysisPlanOf, type AnalysisPlan } from '../domain/decide/analysis/analysis-plan.js';
import type { ArmInstances } from '../domain/decide/traffic-splits.js';
import type { ModelVersion } from '../domain/candidate.js';
import { RatchetError } from '../domain/failure.js';
import type { LedgerBody, LedgerState } from '../domain/ledger.js';
import type { RolloutPlan } from '../domain/rollout.js';
import { alarmsOf, shiftSecondsMaxOf } from '../domain/serving-cluster.js';
import { ModelVersion as ModelVersionSchema } from '../domain/candidate.js';
import type { ObjectStore } from '../ports/object-store.js';
import { loadCycle, type CycleContext, type CycleRef } from './cycle-context.js';
import { getEvidence } from './documents.js';
import type { Ledger } from './ledger.js';
import { offlineAnswers } from './offline-answers.js';
import { freshInstanceName, instanceName } from './served-instance.js';

/** What a rollout or a bake needs to know of its cycle: small, and fixed while it runs. */
export interface RolloutBrief {
  readonly version: string;
  /** The version that answers today; null: none does. */
  readonly champion: string | null;
  readonly plan: RolloutPlan;
  readonly instances: ArmInstances;
  readonly windowSeconds: number;
  readonly errorSecondsMax: number;
  /** So long a shift may take on the way forward; absent in briefs of before: a minute. */
  readonly shiftSecondsMax?: number;
  readonly unit: 'request' | 'key';
  /** How the traffic is judged; null: nothing is watched. */
  readonly analysis: AnalysisPlan | null;
  /** The cycle whose version still bakes: nothing gets traffic before it has. */
  readonly baking: number | null;
  /** Why this cycle's version may not go on; null: it may. */
  readonly superseded: string | null;
  /** What the ledger already says of this cycle, where a workflow was reset. */
  readonly recorded: 'promoted' | 'withdrawn' | null;
  /** Its version may have traffic by the ledger: where a workflow was reset. */
  readonly isExposed: boolean;
  /** Milliseconds since 1970; null: not promoted. */
  readonly promotedAtMs: number | null;
}

interface Sources {
  readonly ledger: Ledger;
  readonly store: ObjectStore;
}

/** @throws {RatchetError} CycleUnknown, EvidenceMissing, EvidenceCorrupt */
export async function briefRollout(sources: Sources, ref: CycleRef): Promise<RolloutBrief> {
  const { model, cycle } = ref;
  const context = await loadCycle(sources, model, cycle);
  const head = (await sources.ledger.readState(model))?.state ?? context.baseline;
  const records = await sources.ledger.readRecords(model, { from: cycle });
  const promoted = records.find(({ body }) => body.kind === 'promoted' && body.cycle === cycle);
  const isWithdrawn = records.some(({ body }) => body.kind === 'withdrawn' && body.cycle === cycle);
  const version = await challengerOf(sources, ref, promoted?.body);
  const before = promoted === undefined ? head.champion : head.previousChampion;
  const analysis = await planOf(sources, context, ref, before !== null);
  const shiftSecondsMax = shiftSecondsMaxOf(context.spec.spec.serving?.cluster);
  return {
    version: version.version,
    champion: before?.version ?? null,
    plan: stepsOf(context, before !== null),
    instances: instancesOf(context, before),
    windowSeconds: context.spec.spec.rollout?.windowSeconds ?? 5,
    errorSecondsMax: context.spec.spec.rollout?.errorSecondsMax ?? 120,
    ...(shiftSecondsMax !== undefined && { shiftSecondsMax }),
    unit: context.spec.spec.rollout?.unit ?? 'request',
    analysis,
    baking: head.bake?.cycle ?? null,
    superseded: supersededBy(context, head, promoted !== undefined),
    recorded: promoted !== undefined ? 'promoted' : isWithdrawn ? 'withdrawn' : null,
    isExposed: head.exposure?.cycle === cycle,
    promotedAtMs: promoted === undefined ? null : Date.parse(promoted.at),
  };
}

/**
 * Without a champion there is nobody to compare with, and nobody whose callers could be harmed: no steps, and only absolute
 * limits to watch for afterwards.
 */
function stepsOf({ spec }: CycleContext, hasChampion: boolean): RolloutPlan {
  const { rollout } = spec.spec;
  const hasLimits = (rollout?.metrics ?? []).some(
    (metric) => (metric.kind === 'errors' && metric.shareMax !== undefined) || (metric.kind === 'latency' && metric.p99MsMax !== undefined),
  );
  if (!hasChampion) return { steps: [], bake: hasLimits ? (rollout?.bake ?? null) : null };
  return { steps: rollout?.steps ?? [], bake: rollout?.bake ?? null };
}

function instancesOf({ model, cycle, spec }: CycleContext, champion: ModelVersion | null): ArmInstances {
  const isFresh = spec.spec.rollout?.baseline === 'fresh' && champion !== null;
  return {
    challenger: instanceName(model, cycle),
    champion: champion === null ? null : instanceName(model, champion.cycle),
    baseline: isFresh ? freshInstanceName(model, champion.cycle, cycle) : null,
  };
}

async function planOf({ store }: Sources, { spec }: CycleContext, ref: CycleRef, isCompared: boolean): Promise<AnalysisPlan | null> {
  const { rollout } = spec.spec;
  if (rollout === undefined) return null;
  const answers = await offlineAnswers(store, ref);
  const { timeZone, label } = spec.spec.data;
  const { delayHours, coverageMin, coverageDropMax, acceptSelectiveLabels } = label;
  const labels = { timeZone, delayHours, coverageMin, coverageDropMax, acceptsSelective: acceptSelectiveLabels !== undefined };
  return analysisPlanOf(rollout, answers?.scoreHistogram ?? null, { isCompared, labels, alarms: alarmsOf(spec.spec.serving?.cluster) });
}

function supersededBy({ baseline, model }: CycleContext, head: LedgerState, isPromoted: boolean): string | null {
  if (isPromoted || head.generation === baseline.generation || head.bake !== undefined) return null;
  return `the champion of ${model} changed while this version waited: it is now ${head.champion?.version ?? 'none'}`;
}

/** The version that this cycle registered. @throws {RatchetError} EvidenceMissing */
export async function challengerOf({ store }: Sources, { model, cycle, evidence }: CycleRef, promoted?: LedgerBody): Promise<ModelVersion> {
  if (promoted?.kind === 'promoted') return promoted.version;
  const digest: Digest | undefined = evidence.register;
  if (digest === undefined) {
    throw new RatchetError('EvidenceMissing', `cycle ${cycle} of ${model}: expected evidence of stage register, found none`);
  }
  return (await getEvidence(store, 'register', ModelVersionSchema, digest)).body;
}
