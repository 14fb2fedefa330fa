import type { Digest } from '../domain/digest.js';
import { RatchetError } from '../domain/failure.js';
import type { LedgerState } from '../domain/ledger.js';
import { ModelSpec } from '../domain/model-spec.js';
import { MonitorInput } from '../domain/monitor-jobs.js';
import { MonitorSettings } from '../domain/monitor-settings.js';
import type { MonitoringPlan, MonitoringPolicy } from '../domain/monitoring.js';
import { EvaluateOutput, SnapshotOutput } from '../domain/stage-jobs.js';
import type { TimeRange } from '../domain/dataset.js';
import type { ObjectStore } from '../ports/object-store.js';
import { loadCycle } from './cycle-context.js';
import { getDocument, getEvidence } from './documents.js';
import type { Ledger } from './ledger.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** So far back, or on, a cycle's end is looked for. */
const LOOK_RECORDS = 200;

interface Sources {
  readonly store: ObjectStore;
  readonly ledger: Ledger;
}

/** The model as it stands: what is served, and the spec in force. null: nothing is served that could be looked at. */
export interface Monitored {
  readonly state: LedgerState & { readonly champion: NonNullable<LedgerState['champion']>; readonly specDigest: Digest };
  readonly spec: ModelSpec;
  readonly settings: MonitorSettings;
}

/** @throws {RatchetError} ModelUnknown, EvidenceMissing, EvidenceCorrupt */
export async function readMonitored({ store, ledger }: Sources, model: string): Promise<Monitored | null> {
  const state = (await ledger.readState(model))?.state;
  if (state === undefined)
    throw new RatchetError('ModelUnknown', `model ${model}: expected a ledger, found none`, { remedy: 'ratchet apply -f <model file>' });
  const { champion, specDigest } = state;
  if (champion === null || specDigest === null) return null;
  const spec = await getDocument(store, ModelSpec, 'spec', specDigest);
  return { state: { ...state, champion, specDigest }, spec, settings: spec.spec.monitoring ?? MonitorSettings.parse({}) };
}

/** The plan of a window: all that its job and its judgement depend on. The same ledger gives the same plan. */
export async function planWindow(sources: Sources, model: string, monitored: Monitored, window: TimeRange): Promise<MonitoringPlan> {
  const { state, spec, settings } = monitored;
  const { champion, anchor } = state;
  const data = await dataOfChampion(sources, model, monitored);
  const { metrics, resampleBy, replicates, seed } = spec.spec.evaluation;
  const times = cohortTimes(window, settings, data.label.delayHours, champion.trainEnd);
  const isFairAnchor =
    anchor !== null &&
    anchor.candidateDigest !== champion.candidateDigest &&
    times.cohort !== null &&
    Date.parse(anchor.trainEnd) <= Date.parse(times.cohort.start);
  const { metric } = settings.decay;
  const input = MonitorInput.parse({
    stage: 'monitor',
    model,
    window,
    data,
    evaluation: { metrics: metrics.includes(metric) ? metrics : [...metrics, metric], resampleBy, replicates, seed },
    version: champion.version,
    champion: { model: champion.model, trainEnd: champion.trainEnd },
    anchor: isFairAnchor ? { model: anchor.model, trainEnd: anchor.trainEnd } : null,
    datasetDigest: champion.datasetDigest,
    latestDatasetDigest: await latestDataset(sources, model, data),
    drift: { statisticMax: settings.thresholds.driftStatisticMax, predictionStatisticMax: settings.thresholds.predictionStatisticMax },
    ...times,
  });
  const { delayHours, policy, acceptSelectiveLabels, coverageMin, coverageDropMax } = data.label;
  return {
    kind: 'monitoring-plan',
    model,
    cycle: champion.cycle,
    specDigest: state.specDigest,
    policy: {
      settings,
      label: {
        delayHours,
        policy,
        coverageMin,
        coverageDropMax,
        ...(acceptSelectiveLabels === undefined ? {} : { acceptSelectiveLabels }),
      },
      champion: { version: champion.version, trainEnd: champion.trainEnd, promise: await promiseOf(sources, model, champion.cycle) },
    },
    input,
  };
}

/**
 * What the champion was trained to read, which another spec may have changed since: its snapshot and its file know no other columns.
 * When labels are mature is as the spec in force says.
 */
async function dataOfChampion(sources: Sources, model: string, { state, spec }: Monitored): Promise<MonitorInput['data']> {
  const { source: _source, window: _window, ...inForce } = spec.spec.data;
  const made = await orNull(() => loadCycle(sources, model, state.champion.cycle));
  if (made === null) return inForce;
  const { features, timeColumn, keyColumns, label } = made.spec.spec.data;
  return { ...inForce, features, timeColumn, keyColumns, label: { ...inForce.label, column: label.column } };
}

/** Which predictions are mature at the end of the window, which were before them, which may still get a label. */
export function cohortTimes(
  window: TimeRange,
  { decay }: MonitorSettings,
  delayHours: number,
  trainEnd: string,
): Pick<MonitorInput, 'cohort' | 'learnt' | 'early'> {
  const endMs = Date.parse(window.end);
  const matureMs = endMs - delayHours * HOUR_MS;
  const trainedMs = Date.parse(trainEnd);
  // Rows that the champion was trained on would flatter it.
  const startMs = Math.max(matureMs - decay.cohortDays * DAY_MS, trainedMs);
  const learntMs = Math.max(startMs - decay.learntDays * DAY_MS, trainedMs);
  return {
    cohort: between(startMs, matureMs),
    learnt: startMs < matureMs ? between(learntMs, startMs) : null,
    early: between(Math.max(matureMs, trainedMs), endMs),
  };
}

function between(startMs: number, endMs: number): TimeRange | null {
  return startMs < endMs ? { start: new Date(startMs).toISOString(), end: new Date(endMs).toISOString() } : null;
}

/** What the evaluation of the champion's cycle found; null where it cannot be read any more. */
async function promiseOf({ store, ledger }: Sources, model: string, cycle: number): Promise<MonitoringPolicy['champion']['promise']> {
  const records = await ledger.readRecords(model, { from: cycle, to: await lastOf(ledger, model, cycle + LOOK_RECORDS) });
  const ended = records.map(({ body }) => body).find((body) => body.kind === 'cycle-ended' && body.cycle === cycle);
  const digest = ended?.kind === 'cycle-ended' ? ended.evidence.evaluate : undefined;
  if (digest === undefined) return null;
  return (await orNull(() => getEvidence(store, 'evaluate', EvaluateOutput, digest)))?.body.arms.challenger.metrics ?? null;
}

/** The newest snapshot of a cycle whose rows are still there, and that has what the champion reads. */
async function latestDataset({ store, ledger }: Sources, model: string, { features }: MonitorInput['data']): Promise<Digest | null> {
  const head = await lastOf(ledger, model, Number.MAX_SAFE_INTEGER);
  const records = await ledger.readRecords(model, { from: Math.max(1, head - LOOK_RECORDS), to: head });
  for (const { body } of records.toReversed()) {
    const digest = body.kind === 'cycle-ended' ? body.evidence.snapshot : undefined;
    if (digest === undefined) continue;
    const found = await orNull(() => getEvidence(store, 'snapshot', SnapshotOutput, digest));
    if (found === null || !features.every(({ name }) => found.body.dataset.columns.some((column) => column.name === name))) continue;
    const areHere = await Promise.all(found.body.dataset.files.map((file) => store.hasDigest(file.digest)));
    if (areHere.every(Boolean)) return found.body.datasetDigest;
  }
  return null;
}

async function lastOf(ledger: Ledger, model: string, wanted: number): Promise<number> {
  return Math.min(wanted, (await ledger.readState(model))?.seq ?? 0);
}

/** What retention let go, or another version of Ratchet wrote, is not known: nothing is judged by it. */
async function orNull<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof RatchetError && (error.type === 'EvidenceMissing' || error.type === 'EvidenceCorrupt')) return null;
    throw error;
  }
}
