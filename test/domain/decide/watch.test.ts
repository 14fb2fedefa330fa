import { expect, test } from 'vitest';
import type { AnalysisPhase } from '../../../src/domain/analysis.js';
import { endOfWatch, type WatchMode } from '../../../src/domain/decide/end-of-watch.js';
import { windowBetween } from '../../../src/domain/decide/window-between.js';
import { LATENCY_EDGES_MS, SCORE_BINS, type ArmCounts } from '../../../src/domain/traffic-window.js';

const times = { passAtMs: 1000, endAtMs: 5000, errorSecondsMax: 2 };

test.for<[mode: WatchMode, phase: AnalysisPhase, nowMs: number, errorSinceMs: number | null, expected: AnalysisPhase | null]>([
  ['step', 'Successful', 999, null, null],
  ['step', 'Successful', 1000, null, 'Successful'],
  ['step', 'Successful', 1000, 900, null],
  ['step', 'Inconclusive', 4999, null, null],
  ['step', 'Inconclusive', 5000, null, 'Inconclusive'],
  ['step', 'Error', 2900, 900, null],
  ['step', 'Error', 2901, 900, 'Error'],
  ['step', 'Failed', 0, null, 'Failed'],
  ['hold', 'Successful', 9000, null, null],
  ['hold', 'Failed', 0, null, 'Failed'],
  ['hold', 'Error', 9000, 900, 'Error'],
  ['bake', 'Successful', 4999, null, null],
  ['bake', 'Successful', 5000, null, 'Inconclusive'],
  ['bake', 'Error', 4999, 0, null],
  ['bake', 'Failed', 0, 0, 'Failed'],
])('a %s that sees %s at %i ms, unmeasured since %s: %s', ([mode, phase, nowMs, errorSinceMs, expected]) => {
  expect(endOfWatch(mode, phase, times, { nowMs, errorSinceMs, supersededSinceMs: null })).toBe(expected);
});

test('a bake whose requests somebody else has divided for so long ends its watch, so that they are divided anew', () => {
  const since = (supersededSinceMs: number) => ({ nowMs: 2901, errorSinceMs: null, supersededSinceMs });
  expect(endOfWatch('bake', 'Error', times, since(901))).toBe(null);
  expect(endOfWatch('bake', 'Error', times, since(900))).toBe('Error');
});

test('a bake has no end while requests are refused, and that time is none of it', () => {
  const facts = (nowMs: number, now: boolean, ms: number) => ({ nowMs, errorSinceMs: null, supersededSinceMs: null, refused: { now, ms } });
  expect(endOfWatch('bake', 'Error', times, facts(9000, true, 4000))).toBe(null);
  expect(endOfWatch('bake', 'Successful', times, facts(8999, false, 4000))).toBe(null);
  expect(endOfWatch('bake', 'Successful', times, facts(9000, false, 4000))).toBe('Inconclusive');
  expect(endOfWatch('bake', 'Failed', times, facts(1, true, 0))).toBe('Failed');
  expect(endOfWatch('step', 'Inconclusive', times, facts(5000, true, 4000))).toBe('Inconclusive');
});

function counts(units: number, errors: number, scores = units): ArmCounts {
  const latency = LATENCY_EDGES_MS.map(() => 0).concat(0);
  latency[3] = units;
  const bins = Array.from({ length: SCORE_BINS }, () => 0);
  bins[4] = scores;
  return { units, errors, latency, scores: bins, scoreSum: scores / 5 };
}
const split = { shift: 7, weights: { champion: 90, challenger: 10 }, mirror: null };
const at = (atMs: number, challenger: ArmCounts) => ({ atMs, arms: { challenger } });

test('a window holds what was counted between two readings', () => {
  const window = windowBetween(at(0, counts(100, 1)), at(5000, counts(140, 3)), split);
  expect(window).toMatchObject({ startMs: 0, endMs: 5000, shift: 7, arms: { challenger: { units: 40, errors: 2, scoreSum: 8 } } });
});

test('a proxy that was started again makes a window that does not count', () => {
  expect(windowBetween(at(0, counts(100, 1)), at(5000, counts(4, 0)), split)).toMatchObject({ shift: null, arms: {} });
});

test('a model server that was started again keeps its errors in sight', () => {
  const window = windowBetween(at(0, counts(100, 1, 100)), at(5000, counts(140, 30, 4)), split);
  expect(window).toMatchObject({ shift: 7, arms: { challenger: { units: 40, errors: 29, scoreSum: 0 } } });
});
