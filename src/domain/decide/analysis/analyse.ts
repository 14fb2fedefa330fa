import { LATENCY_EDGES_MS } from '../../latency-edges.js';
import type { Analysis, MetricAnalysis } from '../../analysis.js';
import type { TrafficWindow } from '../../traffic-window.js';
import type { AnalysisPlan, PlannedMetric } from './analysis-plan.js';
import { addDays, assessDays, type DaysState } from './days.js';
import { addDistribution, assessDistribution, beginDistribution, type DistributionState } from './distribution.js';
import { addErrors, assessErrors, beginErrors, beginErrorsStep, type ErrorsState } from './errors.js';
import { addTraffic, afterRead, beginLabels, type LabelsRead, type LabelsState } from './labels-state.js';
import { addLatency, assessLatency, beginLatency, beginLatencyStep, type LatencyState } from './latency.js';
import { addLimit, assessLimit, beginLimit, type LimitState } from './limits.js';
import { addMean, assessMean, beginMean, beginMeanStep, type MeanState } from './mean.js';
import { inconclusive } from './metric-ruling.js';
import { pairOf } from './pair.js';
import { nextStake } from './votes.js';
import { addSplit, beginSplit, splitMismatch, type SplitState } from './split-check.js';

interface MetricState {
  readonly errors?: ErrorsState;
  readonly latency?: LatencyState;
  readonly mean?: MeanState;
  readonly distribution?: DistributionState;
  /** Absent before the first mature day. */
  readonly days?: DaysState;
  readonly limit: LimitState;
}

/** What is known of the traffic so far: a few KB of plain JSON, to which any later window can be added. */
export interface AnalysisState {
  readonly metrics: readonly MetricState[];
  readonly split: SplitState;
  /** Of this step: windows that count, and units by arm. */
  readonly windows: number;
  readonly units: Readonly<Record<string, number>>;
  /** The metrics that failed, for good. */
  readonly failed: readonly MetricAnalysis[];
  /** Absent where no metric asks for labels. */
  readonly labels?: LabelsState;
}

export function beginAnalysis(plan: AnalysisPlan): AnalysisState {
  const labels = plan.labels === undefined ? {} : { labels: beginLabels() };
  return { metrics: plan.metrics.map(beginMetric), split: beginSplit(), windows: 0, units: {}, failed: [], ...labels };
}

/** For the next step: what speaks of harm is kept, what a step must see to pass starts anew. */
export function beginStep(state: AnalysisState): AnalysisState {
  const metrics = state.metrics.map(({ errors, latency, mean, limit, ...rest }) => ({
    ...rest,
    limit: nextStake(limit),
    ...(errors && { errors: beginErrorsStep(errors) }),
    ...(latency && { latency: beginLatencyStep(latency) }),
    ...(mean && { mean: beginMeanStep(mean) }),
  }));
  return { ...state, metrics, windows: 0, units: {} };
}

/** Adds what happened in a window. Pure; one in which the split changed, or that was not read whole, changes nothing. */
export function addWindow(plan: AnalysisPlan, state: AnalysisState, window: TrafficWindow): AnalysisState {
  if (window.shift === null) return state;
  const { challenger } = window.arms;
  const pair = plan.isCompared ? pairOf(window) : null;
  const metrics = state.metrics.map((metric, index): MetricState => {
    const planned = plan.metrics[index]!;
    const { spec } = planned;
    const limit = challenger === undefined ? metric.limit : addLimit(spec, LATENCY_EDGES_MS, metric.limit, challenger);
    const { errors, latency, mean, distribution } = metric;
    if (spec.kind === 'distribution' && distribution && challenger) {
      return { limit, distribution: addDistribution(planned, plan.offlineScores, distribution, challenger.scores) };
    }
    if (pair === null) return { ...metric, limit };
    if (spec.kind === 'errors' && errors) return { limit, errors: addErrors(spec, errors, pair) };
    if (spec.kind === 'latency' && latency) return { limit, latency: addLatency(spec, LATENCY_EDGES_MS, latency, pair) };
    if (spec.kind === 'mean' && mean) return { limit, mean: addMean(spec, mean, pair) };
    return { ...metric, limit };
  });
  const units = { ...state.units };
  for (const [arm, counts] of Object.entries(window.arms)) units[arm] = (units[arm] ?? 0) + counts.units;
  const windows = state.windows + (challenger !== undefined && challenger.units > 0 ? 1 : 0);
  const labels = state.labels === undefined ? {} : { labels: addTraffic(state.labels, window) };
  const next = { metrics, split: addSplit(plan.unit, state.split, window), windows, units, failed: state.failed, ...labels };
  return withFailed(plan, next);
}

/** Adds what labels say by now. Pure; days that have voted do not vote again, whatever came since. */
export function addLabels(plan: AnalysisPlan, state: AnalysisState, read: LabelsRead): AnalysisState {
  if (plan.labels === undefined || state.labels === undefined) return state;
  const { delayHours } = plan.labels;
  const { shiftsMs } = state.labels;
  const metrics = state.metrics.map((metric, index): MetricState => {
    const { spec } = plan.metrics[index]!;
    if ((spec.kind !== 'quality' && spec.kind !== 'kpi') || read.trouble !== null) return metric;
    const days = addDays(spec, metric.days ?? null, {
      days: read.days,
      asOfMs: read.asOfMs,
      rule: plan.labels!,
      shiftsMs,
      unit: plan.unit,
    });
    return days === null ? metric : { ...metric, days };
  });
  const voted = metrics.flatMap(({ days }, index) => (isLabelled(plan.metrics[index]!) ? [new Set(days?.voted.map(([day]) => day))] : []));
  return withFailed(plan, { ...state, metrics, labels: afterRead(state.labels, read, { delayHours, voted }) });
}

function isLabelled({ spec }: PlannedMetric): boolean {
  return spec.kind === 'quality' || spec.kind === 'kpi';
}

/** What has failed has failed for good. */
function withFailed(plan: AnalysisPlan, next: AnalysisState): AnalysisState {
  return next.failed.length > 0 ? next : { ...next, failed: assessMetrics(plan, next).filter(({ phase }) => phase === 'Failed') };
}

/**
 * What the traffic says so far. Failed where any metric has proven harm, for good; Error where the split is not what it was
 * set to; Successful only where every metric would have found what it names; else Inconclusive, also without any data.
 */
export function assess(plan: AnalysisPlan, state: AnalysisState): Analysis {
  const { windows, units, failed } = state;
  const metrics = assessMetrics(plan, state).map((metric) => failed.find((before) => before.metric === metric.metric) ?? metric);
  const base = { metrics, windows, units: { ...units } };
  if (failed.length > 0) return { ...base, phase: 'Failed', reasons: failed.map(({ reason }) => reason) };
  const mismatch = splitMismatch(state.split);
  if (mismatch !== null) return { ...base, phase: 'Error', reasons: [mismatch] };
  const asked = metrics.filter(({ kind }) => kind !== 'kpi' || state.labels?.isShadow !== true);
  const open = asked.filter(({ phase }) => phase !== 'Successful');
  if (open.length === 0 && asked.length > 0 && windows > 0)
    return { ...base, phase: 'Successful', reasons: asked.map(({ reason }) => reason) };
  return { ...base, phase: 'Inconclusive', reasons: open.length > 0 ? open.map(({ reason }) => reason) : ['no traffic yet'] };
}

function beginMetric({ spec }: PlannedMetric): MetricState {
  const limit = beginLimit();
  switch (spec.kind) {
    case 'errors':
      return { limit, errors: beginErrors() };
    case 'latency':
      return { limit, latency: beginLatency() };
    case 'mean':
      return { limit, mean: beginMean() };
    case 'distribution':
      return { limit, distribution: beginDistribution() };
    case 'quality':
    case 'kpi':
      return { limit };
  }
}

/** α is one for a metric's comparison and its absolute limit: each has half of it. */
function assessMetrics(plan: AnalysisPlan, state: AnalysisState): MetricAnalysis[] {
  return plan.metrics.map((metric, index) => {
    const { limit, errors, latency, mean, distribution, days } = state.metrics[index]!;
    const { spec } = metric;
    const hasLimit = (spec.kind === 'errors' && spec.shareMax !== undefined) || (spec.kind === 'latency' && spec.p99MsMax !== undefined);
    const halved = hasLimit ? { ...metric, alpha: metric.alpha / 2 } : metric;
    const beyond = assessLimit(halved, limit);
    if (beyond !== null) return beyond;
    if (!plan.isCompared && spec.kind !== 'distribution')
      return inconclusive(metric, { evidence: null, estimate: null }, 'there is nobody to compare with');
    if (spec.kind === 'errors' && errors) return assessErrors(plan, halved, spec, errors);
    if (spec.kind === 'latency' && latency) return assessLatency(halved, spec, LATENCY_EDGES_MS, latency);
    if (spec.kind === 'mean' && mean) return assessMean(metric, spec, mean);
    if (spec.kind === 'distribution' && distribution) return assessDistribution(metric, spec, plan.offlineScores, distribution);
    if (spec.kind === 'quality' || spec.kind === 'kpi') return assessDays(plan, metric, spec, days ?? null, state.labels?.trouble ?? null);
    return inconclusive(metric, { evidence: null, estimate: null }, 'no labels yet');
  });
}
