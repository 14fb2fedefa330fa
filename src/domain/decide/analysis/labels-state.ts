import type { LabelledDay } from '../../label-reading.js';
import type { TrafficWindow } from '../../traffic-window.js';

/** What is known of the labels of a rollout as such; kept only where a metric asks for labels. */
export interface LabelsState {
  /** Where the days begin that may still vote, milliseconds since 1970; null: no traffic yet. */
  readonly sinceMs: number | null;
  /** Why labels could not be read last time; null: they could, or nobody has tried. */
  readonly trouble: string | null;
  /** The challenger gets copies alone: whatever happened then, happened by the champion's answers. */
  readonly isShadow: boolean;
  readonly shift: number | null;
  /** When the requests were divided anew. */
  readonly shiftsMs: readonly number[];
}

/** What was read of predictions and labels at one time. */
export interface LabelsRead {
  readonly asOfMs: number;
  readonly days: readonly LabelledDay[];
  readonly trouble: string | null;
}

/** Days whose labels have not come so long after their delay are no longer waited for. */
const WAIT_MS_MAX = 28 * 86_400_000;
const SHIFTS_MAX = 400;

export const beginLabels = (): LabelsState => ({ sinceMs: null, trouble: null, isShadow: false, shift: null, shiftsMs: [] });

export function addTraffic(state: LabelsState, { startMs, shift, mirror }: TrafficWindow): LabelsState {
  const isShadow = mirror === 'challenger';
  if (shift === state.shift && isShadow === state.isShadow && state.sinceMs !== null) return state;
  const shiftsMs = shift === state.shift ? state.shiftsMs : [...state.shiftsMs, startMs].slice(-SHIFTS_MAX);
  return { ...state, sinceMs: state.sinceMs ?? startMs, isShadow, shift, shiftsMs };
}

/** Days before the first one that may still vote need not be read again. @param voted names of days by metric */
export function afterRead(
  state: LabelsState,
  { asOfMs, days, trouble }: LabelsRead,
  { delayHours, voted }: { delayHours: number; voted: readonly ReadonlySet<string>[] },
): LabelsState {
  if (trouble !== null) return { ...state, trouble };
  const waits = days.find(
    ({ day, endMs }) => asOfMs < endMs + delayHours * 3_600_000 + WAIT_MS_MAX && voted.some((names) => !names.has(day)),
  );
  return { ...state, trouble: null, sinceMs: waits?.startMs ?? days.at(-1)?.endMs ?? state.sinceMs };
}
