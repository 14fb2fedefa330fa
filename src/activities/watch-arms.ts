import type { Analysis } from '../domain/analysis.js';
import { addLabels, addWindow, assess, beginAnalysis, beginStep, type AnalysisState } from '../domain/decide/analysis/analyse.js';
import { heedAlarms, type AlarmsLook } from '../domain/decide/analysis/alarms.js';
import type { AnalysisPlan } from '../domain/decide/analysis/analysis-plan.js';
import { foldWatch, type PlacedRead } from '../domain/decide/analysis/fold-watch.js';
import { jsonDifference } from '../domain/decide/json-difference.js';
import { endOfWatch, type WatchMode, type WatchTimes } from '../domain/decide/end-of-watch.js';
import { sameSplit, type ArmInstances, type Split } from '../domain/decide/traffic-splits.js';
import { windowBetween, type Counters, type SplitInForce } from '../domain/decide/window-between.js';
import type { Digest } from '../domain/digest.js';
import type { Arm } from '../domain/serving.js';
import type { TrafficWindow } from '../domain/traffic-window.js';
import type { AlarmSource } from '../ports/alarm-source.js';
import type { LabelReader } from '../ports/label-reader.js';
import type { MetricSource } from '../ports/metric-source.js';
import type { Serving } from '../ports/serving.js';
import type { RouteReading, TrafficRouter } from '../ports/traffic-router.js';
import { watchLabels, type LabelWatch } from './label-watch.js';

export interface WatchRequest {
  readonly model: string;
  readonly cycle: number;
  /** `<index>-<kind>` of the step, or `bake`. */
  readonly step: string;
  readonly mode: WatchMode;
  readonly times: WatchTimes;
  readonly windowSeconds: number;
  readonly plan: AnalysisPlan;
  readonly unit: 'request' | 'key';
  /** What the watches before knew; null: nothing yet. */
  readonly state: AnalysisState | null;
  /** The step begins with this watch: what it must see to pass starts anew. */
  readonly isNewStep: boolean;
  readonly instances: ArmInstances;
  readonly split: Split;
  readonly shift: number;
  /** The document of the watch before. */
  readonly previous: Digest | null;
}

export interface Watched {
  readonly analysis: Analysis;
  readonly before: AnalysisState;
  readonly windows: readonly TrafficWindow[];
  /** Of labels: those that changed the state. */
  readonly reads: readonly PlacedRead[];
  readonly state: AnalysisState;
  /** null: the watch was ended by whoever asked for it. */
  readonly end: Analysis['phase'] | null;
}

export interface WatchPorts {
  readonly serving: Serving;
  readonly router: TrafficRouter;
  readonly metrics: MetricSource;
  readonly labels: LabelReader;
  /** As of the worker's settings. */
  readonly labelPauseSeconds: number | null;
  /** Absent: this worker knows none. */
  readonly alarms?: AlarmSource;
}

/** Alarms that are not told keep no other harm from being seen. */
const ALARMS_MS_MAX = 5000;

/** So many windows stand in a document; of a longer watch the last ones. */
const WINDOWS_MAX = 2000;
/** A server that was started again so often within one watch does not run. */
const RESTARTS_MAX = 3;

/** Clocks differ a little, and what divides requests far away does so on all its machines a moment after it says so. */
const SETTLES_MS = 15_000;

interface WatchOptions {
  readonly signal: AbortSignal;
  readonly onState: (state: AnalysisState, analysis: Analysis) => void;
}

/**
 * Reads the traffic window by window and judges it after each, until there is a decision, the time is over or it is told to
 * stop; then it answers with what it knows. A broken measurement is told as such and tried again. Labels are read beside it.
 */
export async function watchArms(request: WatchRequest, ports: WatchPorts, options: WatchOptions): Promise<Watched> {
  const labels = watchLabels(request, ports);
  try {
    return await watch(request, ports, labels, options);
  } finally {
    labels.stop();
  }
}

async function watch(request: WatchRequest, ports: WatchPorts, labels: LabelWatch, { signal, onState }: WatchOptions): Promise<Watched> {
  const { mode, times, plan } = request;
  const inherited = request.state ?? beginAnalysis(plan);
  let state = request.isNewStep ? beginStep(inherited) : inherited;
  let before = state;
  let windows: TrafficWindow[] = [];
  let reads: PlacedRead[] = [];
  let errorSinceMs: number | null = null;
  let supersededSinceMs: number | null = null;
  let refused = { now: false, ms: 0 };
  let lookedAtMs = Date.now();
  let last: Counters | null = null;
  let inForceSinceMs: number | null = null;
  let restartsBefore: number | null = null;
  let analysis = assess(plan, state);
  for (;;) {
    const nowMs = Date.now();
    const isSetBack = nowMs < lookedAtMs;
    if (isSetBack) inForceSinceMs = null; // by the clock of before
    if (refused.now) refused = { now: true, ms: refused.ms + nowMs - lookedAtMs };
    lookedAtMs = nowMs;
    let trouble: string | null = null;
    try {
      const counters = await ports.metrics.read(watchedInstances(request), request.unit, signal);
      const reading = await ports.router.read(request.model);
      const inForce = splitInForce(request, reading);
      refused = { ...refused, now: reading?.isHeld ?? false };
      trouble = inForce.shift === null ? 'the requests are not divided as they were asked to be' : null;
      supersededSinceMs = reading === null || reading.asked.shift === request.shift ? null : (supersededSinceMs ?? nowMs);
      inForceSinceMs = inForce.shift === null ? null : (inForceSinceMs ?? nowMs);
      if (last !== null && counters.atMs > last.atMs) {
        // A source that is minutes late tells first of the time before this split, by another clock than ours.
        const fromMs = (inForceSinceMs ?? Infinity) + (counters.atMs < nowMs ? SETTLES_MS : 0);
        const isWhole = last.atMs >= fromMs;
        const window = windowBetween(last, counters, isWhole ? inForce : { ...inForce, shift: null });
        state = addWindow(plan, state, window);
        windows.push(window);
        if (windows.length > WINDOWS_MAX) {
          before = foldWatch(
            plan,
            before,
            windows.slice(0, 1),
            reads.filter(({ afterWindows }) => afterWindows === 0),
          );
          windows = windows.slice(1);
          reads = reads.flatMap((read) => (read.afterWindows === 0 ? [] : [{ ...read, afterWindows: read.afterWindows - 1 }]));
        }
      }
      const read = labels.take(state);
      const known = read === null ? state : addLabels(plan, state, read);
      if (read !== null && jsonDifference(known, state) !== null) {
        reads.push({ ...read, afterWindows: windows.length });
        state = known;
      }
      // A source that counts by the minute has nothing new in between; where our clock was set back, we go on from there.
      if (last === null || isSetBack || counters.atMs > last.atMs) last = counters;
      const restarts = await restartsOf(request.instances.challenger, ports.serving);
      restartsBefore ??= restarts;
      analysis = crashed(assess(plan, state), restarts - restartsBefore);
    } catch (error) {
      if (signal.aborted) return { analysis, before, windows, reads, state, end: null };
      trouble = error instanceof Error ? error.message : String(error);
      last = null; // the next window starts where it can be measured again
      inForceSinceMs = null; // nobody saw what was in force meanwhile
      analysis = assess(plan, state);
    }
    if (plan.alarms !== undefined && analysis.phase !== 'Failed') {
      const look = await lookAtAlarms(plan.alarms, ports.alarms, signal);
      if (look === null) return { analysis, before, windows, reads, state, end: null };
      analysis = heedAlarms(analysis, plan.alarms, look);
    }
    if (trouble !== null && analysis.phase !== 'Failed') analysis = { ...analysis, phase: 'Error', reasons: [trouble] };
    errorSinceMs = analysis.phase === 'Error' ? (errorSinceMs ?? nowMs) : null;
    onState(state, analysis);
    const end = endOfWatch(mode, analysis.phase, times, { nowMs: Date.now(), errorSinceMs, supersededSinceMs, refused });
    if (end !== null) return { analysis, before, windows, reads, state, end };
    await pause(request.windowSeconds * 1000, signal);
    if (signal.aborted) return { analysis, before, windows, reads, state, end: null };
  }
}

function watchedInstances({ instances, split }: WatchRequest): Partial<Record<Arm, string>> {
  const used = new Set([...split.splits.map(({ arm }) => arm), ...(split.mirror === null ? [] : [split.mirror.arm])]);
  return Object.fromEntries(
    (Object.entries(instances) as [Arm, string | null][]).filter(([arm, name]) => name !== null && used.has(arm)) as [Arm, string][],
  );
}

/** Weights as the proxy has them; a number of ours that is not in force is no number. */
function splitInForce({ shift, split }: WatchRequest, reading: RouteReading | null): SplitInForce {
  const found = reading?.inForce ?? null;
  const isOurs = reading?.asked.shift === shift && found !== null && sameSplit(found, split);
  return {
    shift: isOurs ? shift : null,
    weights: Object.fromEntries((found?.splits ?? []).map(({ arm, weightPercent }) => [arm, weightPercent])),
    mirror: found?.mirror?.arm ?? null,
  };
}

/** Also while nothing can be counted: an alarm may see what we do not. null: told to stop. */
async function lookAtAlarms(names: readonly string[], alarms: AlarmSource | undefined, signal: AbortSignal): Promise<AlarmsLook | null> {
  if (alarms === undefined)
    return { trouble: 'serving.cluster.alarms: this worker knows no alarms: set RATCHET_SAGEMAKER_SERVING_ROLE_ARN in its environment' };
  const late = AbortSignal.timeout(ALARMS_MS_MAX);
  try {
    return { found: await alarms.read(names, AbortSignal.any([signal, late])) };
  } catch (error) {
    if (signal.aborted) return null;
    if (late.aborted) return { trouble: `alarms: expected an answer within ${ALARMS_MS_MAX / 1000} s, found none` };
    return { trouble: error instanceof Error ? error.message : String(error) };
  }
}

async function restartsOf(instance: string, serving: Serving): Promise<number> {
  return (await serving.describe(instance))?.replicas.reduce((sum, { restarts }) => sum + restarts, 0) ?? 0;
}

function crashed(analysis: Analysis, restarts: number): Analysis {
  if (restarts < RESTARTS_MAX) return analysis;
  const reason = `the challenger’s servers died and were started again ${restarts} times within this watch`;
  return { ...analysis, phase: 'Failed', reasons: [reason, ...analysis.reasons] };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    if (signal.aborted) done();
  });
}
