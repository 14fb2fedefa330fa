import type { AnalysisState } from '../domain/decide/analysis/analyse.js';
import { CALLER_GROUPS } from '../domain/decide/analysis/days.js';
import type { LabelsRead } from '../domain/decide/analysis/labels-state.js';
import type { LabelQuestion } from '../domain/label-reading.js';
import type { WatchPorts, WatchRequest } from './watch-arms.js';

/** Reads labels beside a watch: nobody waits for it, and what it found is taken when it is there. */
export interface LabelWatch {
  /** What was read since; null: nothing. Begins the next reading where it is time. */
  take(state: AnalysisState): LabelsRead | null;
  /** Ends a reading that still runs. */
  stop(): void;
}

/** A day becomes mature once: to look in every window would be a process each time. */
const WINDOWS_BETWEEN = 60;
/** So much longer than a reading took is waited for the next one. */
const REST = 20;

export function watchLabels(
  request: WatchRequest,
  { labels, labelPauseSeconds }: Pick<WatchPorts, 'labels' | 'labelPauseSeconds'>,
): LabelWatch {
  const stopping = new AbortController();
  let found: LabelsRead | null = null;
  let isReading = false;
  let nextAtMs = 0;

  async function read(question: LabelQuestion): Promise<void> {
    const startedMs = performance.now();
    isReading = true;
    try {
      const { days } = await labels.read(question, stopping.signal);
      found = { asOfMs: question.asOfMs, days, trouble: null };
    } catch (error) {
      if (stopping.signal.aborted) return;
      const trouble = error instanceof Error ? error.message : String(error);
      found = { asOfMs: question.asOfMs, days: [], trouble };
    } finally {
      isReading = false;
      const tookMs = performance.now() - startedMs;
      const restMs = Math.max(WINDOWS_BETWEEN * request.windowSeconds * 1000, REST * tookMs);
      nextAtMs = performance.now() + (labelPauseSeconds === null ? restMs : labelPauseSeconds * 1000);
    }
  }

  return {
    take(state) {
      const taken = found;
      found = null;
      if (taken !== null) return taken; // what comes next is asked by what is known then
      const question = isReading || performance.now() < nextAtMs ? null : questionOf(request, state, Date.now());
      if (question !== null) void read(question);
      return null;
    },
    stop: () => stopping.abort(),
  };
}

/** null: no metric asks for labels, or nothing was answered yet that could have one. */
function questionOf({ model, plan, instances }: WatchRequest, { labels }: AnalysisState, nowMs: number): LabelQuestion | null {
  const startMs = labels?.sinceMs ?? null;
  if (plan.labels === undefined || startMs === null || startMs >= nowMs) return null;
  const kpis = plan.metrics.flatMap(({ spec }) => (spec.kind === 'kpi' ? [[spec.name, { min: spec.min, max: spec.max }] as const] : []));
  const arms = Object.entries(instances).flatMap(([arm, name]) => (name === null ? [] : [[arm, [name]] as const]));
  const { timeZone } = plan.labels;
  return {
    model,
    startMs,
    endMs: nowMs,
    asOfMs: nowMs,
    timeZone,
    compare: { arms: Object.fromEntries(arms), kpis: Object.fromEntries(kpis), callerGroups: plan.unit === 'key' ? CALLER_GROUPS : null },
  };
}
