import { expect, test } from 'vitest';
import { watchArms, type Watched, type WatchRequest } from '../../src/activities/watch-arms.js';
import { replayWatch } from '../../src/client/audit/replay-watch.js';
import { canonicalJson } from '../../src/domain/digest.js';
import type { LabelQuestion } from '../../src/domain/label-reading.js';
import { WatchDocument } from '../../src/domain/watch-document.js';
import type { LabelReader } from '../../src/ports/label-reader.js';
import { DAY_MS, labelledPlan, pairedDay } from '../domain/decide/analysis/labelled.js';
import { createMemoryServing, noLabels } from '../fakes/memory-serving.js';
import { watchRequest } from './watch-request.js';

const plan = labelledPlan([{ kind: 'quality', margin: 0.01 }]);
const split = {
  splits: [{ arm: 'champion', instance: 'm-3', weightPercent: 100 }],
  mirror: { arm: 'challenger', instance: 'm-7' },
} as const;

interface Outcome {
  readonly watched: Watched;
  readonly questions: readonly LabelQuestion[];
}

/** Watches a shadow of `m-7` beside `m-3`, until it fails or `windows` are seen. */
async function watchShadow(answer: LabelReader['read'], windows: number): Promise<Outcome> {
  const serving = createMemoryServing();
  const questions: LabelQuestion[] = [];
  serving.labels.answer = (question, signal) => (questions.push(question), answer(question, signal));
  await serving.router.shift(
    { model: 'm', shift: 1, ...split, settings: {} } as unknown as Parameters<typeof serving.router.shift>[0],
    new AbortController().signal,
  );
  const stopping = new AbortController();
  const nowMs = Date.now();
  const request = watchRequest({
    step: '0-shadow',
    times: { passAtMs: nowMs, endAtMs: nowMs + 600_000, errorSecondsMax: 60 },
    plan,
    split: split as unknown as WatchRequest['split'],
  });
  let seen = 0;
  const onState = (): void => void (++seen > windows && stopping.abort());
  return { watched: await watchArms(request, { ...serving, labelPauseSeconds: null }, { signal: stopping.signal, onState }), questions };
}

/** As it would be stored and read again. */
function documentOf({ before, windows, reads, state, analysis }: Watched): WatchDocument {
  const known = { kind: 'watch', model: 'm', cycle: 7, step: '0-shadow', plan, before, windows, after: state, analysis, previous: null };
  return WatchDocument.parse(JSON.parse(canonicalJson({ ...known, ...(reads.length > 0 && { reads }) })));
}

const reading = (days: number, difference: number) => ({
  counts: noLabels,
  conflicts: [],
  kpis: [],
  days: Array.from({ length: days }, (_, day) => pairedDay(day, difference)),
});

test('a challenger that labels speak against is turned back, and the stored watch gives the same analysis again', async () => {
  const { watched, questions } = await watchShadow(async () => reading(20, 0.2), 100_000);
  expect(watched.end).toBe('Failed');
  expect(watched.analysis.reasons).toEqual([expect.stringMatching(/^quality: logLoss differs by 0\.200 over 20 days/)]);
  expect(questions[0]).toMatchObject({
    model: 'm',
    timeZone: 'UTC',
    compare: { arms: { challenger: ['m-7'], champion: ['m-3'] }, kpis: {}, callerGroups: null },
  });
  const document = documentOf(watched);
  expect(document.reads).toHaveLength(1);
  expect(replayWatch(document)).toEqual({ difference: null, takenAsSaid: null });
  const forged = { ...document, reads: [{ ...document.reads![0]!, days: reading(20, -0.2).days }] };
  expect(replayWatch(forged).difference).not.toBeNull();
});

test('a reading that takes for ever delays no window, is asked once, and ends with the watch', async () => {
  let ended = false;
  const hanging: LabelReader['read'] = (_, signal) =>
    new Promise((_resolve, reject) =>
      signal.addEventListener('abort', () => {
        ended = true;
        reject(new Error('stopped'));
      }),
    );
  const { watched, questions } = await watchShadow(hanging, 50);
  expect(watched.windows.length).toBeGreaterThanOrEqual(49);
  expect([questions.length, ended, watched.reads]).toEqual([1, true, []]);
  expect(watched.analysis.reasons).toEqual(['quality: no labels yet']);
});

test('labels that cannot be read leave the step undecided and say why, once', async () => {
  const { watched, questions } = await watchShadow(() => Promise.reject(new Error('the bucket is away')), 300);
  expect(questions.length).toBeGreaterThan(1);
  expect(watched.reads).toHaveLength(1);
  expect(watched.analysis).toMatchObject({ phase: 'Inconclusive', reasons: ['quality: no labels could be read: the bucket is away'] });
  expect(replayWatch(documentOf(watched)).difference).toBeNull();
});

test('the next reading begins with the first day that has not voted', async () => {
  const nowMs = Date.now();
  const today = Math.floor(nowMs / DAY_MS);
  const days = [pairedDay(today - 4, 0.1), pairedDay(today - 3, 0.1), pairedDay(today - 2, null, { labelled: 0 })];
  const { questions } = await watchShadow(async () => ({ ...reading(0, 0), days }), 300);
  expect(questions.length).toBeGreaterThan(1);
  expect(questions[1]!.startMs).toBe((today - 2) * DAY_MS);
});
