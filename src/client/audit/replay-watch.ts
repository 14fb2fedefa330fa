import { assess, beginAnalysis, beginStep, type AnalysisState } from '../../domain/decide/analysis/analyse.js';
import type { AnalysisPlan } from '../../domain/decide/analysis/analysis-plan.js';
import { foldWatch } from '../../domain/decide/analysis/fold-watch.js';
import { jsonDifference } from '../../domain/decide/json-difference.js';
import { canonicalJson } from '../../domain/digest.js';
import { RatchetError } from '../../domain/failure.js';
import type { WatchDocument } from '../../domain/watch-document.js';

/** Where a watch made again says something else than the stored one. */
export interface WatchDifference {
  /** `after.metrics.0.errors`, `analysis.phase` */
  readonly field: string;
  readonly recorded: unknown;
  readonly recomputed: unknown;
}

export interface ReplayedWatch {
  /** The first one; null: the same comes out. */
  readonly difference: WatchDifference | null;
  /** What the watch said over its counts, in its words: no count can show it. null: nothing. */
  readonly takenAsSaid: string | null;
}

/**
 * Adds the stored windows to the state before them, looks at the outcome as the watch did, and compares. Pure.
 * @throws {RatchetError} EvidenceCorrupt: its plan or state is of another shape than this version computes with
 */
export function replayWatch(document: WatchDocument): ReplayedWatch {
  const { windows, after, analysis } = document;
  const plan = document.plan as unknown as AnalysisPlan;
  const recomputed = computed(document, () => {
    const state = foldWatch(plan, document.before as unknown as AnalysisState, windows, document.reads ?? []);
    return { state: stored(state), analysis: stored(assess(plan, state)) };
  });
  const isSaid = isSaidOver(analysis, recomputed.analysis, plan);
  const expected = isSaid ? { ...recomputed.analysis, phase: analysis.phase, reasons: analysis.reasons } : recomputed.analysis;
  return {
    difference: differ('after', after, recomputed.state) ?? differ('analysis', analysis, expected),
    takenAsSaid: isSaid ? `${analysis.phase}: ${analysis.reasons[0]}` : null,
  };
}

/** Whether a watch goes on with what the one before it knew, or begins a step with it; null: it is the first. Pure. */
export function goesOnWith(before: WatchDocument | null, document: WatchDocument): boolean {
  return computed(document, () => {
    const known = before === null ? beginAnalysis(document.plan as unknown as AnalysisPlan) : (before.after as unknown as AnalysisState);
    return [known, beginStep(known)].some((state) => isSame(stored(state), document.before));
  });
}

type Said = WatchDocument['analysis'];

/**
 * Three things are no counts, and the watch says them over what the counts say: that nothing could be measured (Error), that
 * servers died again and again (Failed, with a sentence before the others), and what alarms said (that, or Inconclusive). They
 * are taken as said; the metrics are not.
 */
function isSaidOver(recorded: Said, recomputed: Said, { alarms }: AnalysisPlan): boolean {
  if (recomputed.phase === 'Failed' || isSame([recorded.phase, recorded.reasons], [recomputed.phase, recomputed.reasons])) return false;
  if (recorded.phase === 'Error') return true;
  const mayBeSaid = recorded.phase === 'Failed' || (recorded.phase === 'Inconclusive' && alarms !== undefined);
  return mayBeSaid && isSame(recorded.reasons.slice(1), recomputed.reasons);
}

function isSame(left: unknown, right: unknown): boolean {
  return jsonDifference(left, right) === null;
}

function differ(name: string, recorded: unknown, recomputed: unknown): WatchDifference | null {
  const difference = jsonDifference(recorded, recomputed);
  if (difference === null) return null;
  return { field: difference.path === '' ? name : `${name}.${difference.path}`, recorded: difference.left, recomputed: difference.right };
}

/** As it would be read back: -0 is 0, and what is undefined is absent. */
function stored<T>(value: T): T {
  return JSON.parse(canonicalJson(value)) as T;
}

function computed<T>({ model, cycle, step }: WatchDocument, compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    throw new RatchetError(
      'EvidenceCorrupt',
      `watch over step ${step} of ${model} cycle ${cycle}: its plan or state cannot be computed with`,
      {
        remedy: 'the document was written by another version of Ratchet or changed afterwards; run ratchet audit verify',
        cause: error,
      },
    );
  }
}
