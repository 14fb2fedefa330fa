import type { TrafficWindow } from '../../traffic-window.js';
import { addLabels, addWindow, type AnalysisState } from './analyse.js';
import type { AnalysisPlan } from './analysis-plan.js';
import type { LabelsRead } from './labels-state.js';

/** A reading of labels, and after how many windows of the watch it came. */
export interface PlacedRead extends LabelsRead {
  readonly afterWindows: number;
}

/** The state after windows and readings, in the order in which they came. Pure. */
export function foldWatch(
  plan: AnalysisPlan,
  before: AnalysisState,
  windows: readonly TrafficWindow[],
  reads: readonly PlacedRead[],
): AnalysisState {
  const readUntil = (state: AnalysisState, count: number): AnalysisState =>
    reads.filter(({ afterWindows }) => afterWindows === count).reduce((known, read) => addLabels(plan, known, read), state);
  return windows.reduce((state, window, index) => readUntil(addWindow(plan, state, window), index + 1), readUntil(before, 0));
}
