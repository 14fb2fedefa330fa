import type { FindingKind, FindingState } from '../finding.js';
import type { FindingPolicy } from '../monitoring-spec.js';
import type { Trigger } from '../trigger.js';

const MS_PER_HOUR = 3_600_000;
const REASON_MAX = 1900;

/** What one window said of one kind of finding. */
export interface FindingWindow {
  /** The end of the window. */
  readonly end: string;
  /** The cycle that made the champion of this window: what was found of another champion does not count. */
  readonly cycle: number;
  readonly state: FindingState;
  readonly sentence: string;
  /** This window was answered by an alert or a trigger. */
  readonly answered: boolean;
}

export interface FindingAnswer {
  /** null: nothing is to be done now; `reason` says why. */
  readonly action: 'alert' | 'retrain' | 'recalibrate' | 'pauseServing' | null;
  /** The same window has the same key, however often it is answered: for the notice and for the trigger. */
  readonly key: string;
  /** The wish for a cycle to hand to the lifecycle; null where the action asks for none. */
  readonly trigger: Trigger | null;
  readonly reason: string;
  /** Of the last `ofWindows` windows. */
  readonly found: number;
}

/** Which kind of trigger a finding makes. */
const TRIGGER_KIND: Readonly<Record<FindingKind, Trigger['kind']>> = {
  traffic: 'drift',
  dataDrift: 'drift',
  predictionDrift: 'drift',
  dataQuality: 'drift',
  skew: 'drift',
  serviceLevel: 'drift',
  errors: 'drift',
  staleness: 'staleness',
  newData: 'newData',
  decay: 'decay',
  calibration: 'decay',
  promise: 'decay',
  kpi: 'decay',
};

/**
 * What the newest window of monitoring leads to, for one kind of finding.
 *
 * Pure: no clock; the same windows give the same answer and the same key, so whoever died after asking may ask again. Acts only
 * where the newest window found something, at least `foundMin` of the last `ofWindows` did, and nothing was answered within
 * `againAfterHours` before. A window that could not tell is one that found nothing.
 *
 * @param windows oldest first, at least as far back as `againAfterHours`; the last one is the one to answer.
 */
export function answerFinding(kind: FindingKind, policy: FindingPolicy, windows: readonly FindingWindow[]): FindingAnswer {
  const newest = windows.at(-1);
  if (newest === undefined) return { action: null, key: '', trigger: null, reason: 'nothing was monitored yet', found: 0 };
  const ours = windows.filter((window) => window.cycle === newest.cycle);
  const last = ours.slice(-policy.ofWindows);
  const found = last.filter(({ state }) => state === 'found').length;
  const key = `${kind}/c${newest.cycle}/${newest.end}`;
  const nothing = (reason: string): FindingAnswer => ({ action: null, key, trigger: null, reason, found });

  const counted = `${kind} was found in ${found} of the last ${policy.ofWindows} windows`;
  if (newest.state !== 'found' || found < policy.foundMin) {
    const needs = found < policy.foundMin ? `it needs ${policy.foundMin}` : 'but not in the newest';
    return nothing(`${counted}, ${needs}${untold(last)}`);
  }
  const before = ours.slice(0, -1).findLast(({ answered }) => answered);
  const againAtMs = before === undefined ? -Infinity : Date.parse(before.end) + policy.againAfterHours * MS_PER_HOUR;
  if (Date.parse(newest.end) < againAtMs) {
    return nothing(`${counted}: answered at ${before!.end}, again not before ${new Date(againAtMs).toISOString()}`);
  }
  if (policy.action === 'none') return nothing(`${counted}, and the spec asks for no answer`);
  const reason = `${counted}: ${newest.sentence}`.slice(0, REASON_MAX);
  const wish = { key, kind: TRIGGER_KIND[kind], requestedBy: 'monitoring', reason };
  return { action: policy.action, key, trigger: triggerOf(policy.action, wish), reason, found };
}

function triggerOf(action: FindingPolicy['action'], wish: Trigger): Trigger | null {
  if (action === 'retrain') return wish;
  return action === 'recalibrate' ? { ...wish, recipe: action } : null;
}

function untold(windows: readonly FindingWindow[]): string {
  const count = windows.filter(({ state }) => state === 'inconclusive' || state === 'provisional').length;
  return count === 0 ? '' : ` (${count} of them could not tell)`;
}
