import { expect, test } from 'vitest';
import { analysesLines } from '../../../src/cli/commands/replay.js';
import { replayAnalyses } from '../../../src/client/audit/replay-analyses.js';
import { checkCitedEvidence } from '../../../src/client/audit/cited-evidence.js';
import { addWindow, assess, beginAnalysis, beginStep, type AnalysisState } from '../../../src/domain/decide/analysis/analyse.js';
import { analysisPlanOf } from '../../../src/domain/decide/analysis/analysis-plan.js';
import { documentBytes } from '../../../src/domain/document.js';
import { shortDigest, type Digest } from '../../../src/domain/digest.js';
import { LATENCY_EDGES_MS, SCORE_BINS } from '../../../src/domain/latency-edges.js';
import type { ArmCounts, TrafficWindow } from '../../../src/domain/traffic-window.js';
import type { WatchDocument } from '../../../src/domain/watch-document.js';
import { createMemoryStore } from '../../fakes/memory-store.js';
import { createChampionStory } from '../../ledger/champion-story.js';
import { exposed, withdrawn } from '../../ledger/sample-bodies.js';

const plan = analysisPlanOf({ unit: 'request', alpha: 0.01, metrics: [{ kind: 'errors', weight: 1, margin: 0.2, detect: 2 }] }, null, {
  isCompared: true,
});

function counts(units: number, errors: number): ArmCounts {
  const latency = Array.from({ length: LATENCY_EDGES_MS.length + 1 }, (_, bucket) => (bucket === 5 ? units : 0));
  return { units, errors, latency, scores: Array.from({ length: SCORE_BINS }, () => 0), scoreSum: 0 };
}

/** `errors` of the challenger in each window; the champion makes one. */
function windowsOf(errors: readonly number[], startMs = 0): TrafficWindow[] {
  return errors.map((made, index) => ({
    startMs: startMs + index * 5000,
    endMs: startMs + (index + 1) * 5000,
    shift: 1,
    weights: { champion: 50, challenger: 50 },
    mirror: null,
    arms: { champion: counts(100, 1), challenger: counts(100, made) },
  }));
}

/** A store in which watches over steps leave their documents, one after the other, and the ledger names the last. */
async function watchedCycle(
  steps: readonly (readonly number[])[],
  tamper: (document: WatchDocument, index: number) => WatchDocument = (d) => d,
) {
  const store = createMemoryStore();
  const { start, append, records } = createChampionStory({ store });
  const cycle = await start('a');
  await append(`${cycle}`, exposed(cycle));
  const digests: Digest[] = [];
  let known: AnalysisState = beginAnalysis(plan);
  for (const [index, errors] of steps.entries()) {
    const before = beginStep(known);
    const windows = windowsOf(errors, index * 1_000_000);
    known = windows.reduce((state, window) => addWindow(plan, state, window), before);
    const document = { kind: 'watch', model: 'flights', cycle, step: `${index}-canary`, plan, before, windows, after: known };
    const whole = { ...document, analysis: assess(plan, known), previous: digests.at(-1) ?? null } as unknown as WatchDocument;
    digests.push(await store.put(documentBytes(tamper(whole, index))));
  }
  await append(`${cycle}`, { ...withdrawn(cycle), analysisDigest: digests.at(-1)! });
  return { store, cycle, digests, records };
}

const harmless = Array.from({ length: 12 }, () => 1);
const harmful = Array.from({ length: 12 }, () => 60);

test('every watch comes out again, from the one that the ledger names back to the first', async () => {
  const { store, cycle, digests } = await watchedCycle([harmless, harmful]);
  const replay = await replayAnalyses(store, 'flights', cycle);
  expect(replay).toMatchObject({ watches: 2, windows: 24, difference: null, notes: [] });
  expect(replay.decisions).toMatchObject([{ kind: 'withdrawn', analysisDigest: digests[1], phase: 'Failed' }]);
  expect(analysesLines(replay).slice(1, 2)).toEqual(['2 watches over 24 windows of traffic: the same, then and now']);
});

test('a count that was changed afterwards is found, in the watch that it stands in', async () => {
  const tamper = (document: WatchDocument, index: number): WatchDocument =>
    index === 0 ? { ...document, windows: windowsOf([...harmless.slice(1), 2]) } : document;
  const { store, cycle, digests } = await watchedCycle([harmless, harmful], tamper);
  const { difference } = await replayAnalyses(store, 'flights', cycle);
  expect(difference).toMatchObject({ watch: digests[0], step: '0-canary', field: expect.stringMatching(/^after\./) });
});

test('an analysis that says something else than its counts is found', async () => {
  const tamper = (document: WatchDocument): WatchDocument => ({ ...document, analysis: { ...document.analysis, phase: 'Successful' } });
  const { store, cycle, digests } = await watchedCycle([harmful], tamper);
  const replay = await replayAnalyses(store, 'flights', cycle);
  expect(replay.difference).toEqual({
    watch: digests[0],
    step: '0-canary',
    field: 'analysis.phase',
    recorded: 'Successful',
    recomputed: 'Failed',
  });
  expect(analysesLines(replay)).toContain('analysis.phase  "Successful"  "Failed"');
});

const alarms = ['checkout-slow'];
test.for([
  ['that nothing could be measured is taken as said', {}, { phase: 'Error', reasons: ['the router does not answer'] }, null],
  ['that servers died again and again is taken as said', {}, { phase: 'Failed', reasons: ['died 3 times', 'KEPT'] }, null],
  ['that an alarm was in ALARM is taken as said', { alarms }, { phase: 'Failed', reasons: ['in ALARM', 'KEPT'] }, null],
  ['that an alarm had no data is taken as said', { alarms }, { phase: 'Inconclusive', reasons: ['no data', 'KEPT'] }, null],
  ['an Inconclusive that no alarm explains is found', {}, { phase: 'Inconclusive', reasons: ['no data', 'KEPT'] }, 'analysis'],
  ['a Failed that neither counts nor crashes explain is found', {}, { phase: 'Failed', reasons: ['so it is'] }, 'analysis'],
] as const)('%s', async ([, planned, { phase, reasons }, field]) => {
  const tamper = (document: WatchDocument): WatchDocument => ({
    ...document,
    plan: { ...(document.plan as object), ...planned } as WatchDocument['plan'],
    analysis: {
      ...document.analysis,
      phase,
      reasons: reasons.flatMap((reason) => (reason === 'KEPT' ? document.analysis.reasons : [reason])),
    },
  });
  const { store, cycle } = await watchedCycle([harmless], tamper);
  const { difference, notes } = await replayAnalyses(store, 'flights', cycle);
  expect(difference?.field.startsWith('analysis') ?? null).toBe(field === null ? null : true);
  expect(notes.map((note) => note.split(': ').slice(1).join(': '))).toEqual(
    field === null ? [`taken as it was said, no count shows it: ${phase}: ${reasons[0]}`] : [],
  );
});

test('a gap in what was kept is told, and is no difference', async () => {
  const tamper = (document: WatchDocument, index: number): WatchDocument => (index === 1 ? { ...document, previous: null } : document);
  const { store, cycle, digests } = await watchedCycle([harmless, harmful], tamper);
  const { difference, notes, watches } = await replayAnalyses(store, 'flights', cycle);
  expect({ difference, watches }).toEqual({ difference: null, watches: 1 });
  expect(notes).toEqual([expect.stringContaining(`watch ${shortDigest(digests[1]!)} (1-canary) begins with more than is kept`)]);
});

test('a plan of another shape is refused, not computed with', async () => {
  const { store, cycle } = await watchedCycle([harmless], (document) => ({ ...document, plan: 7 }));
  await expect(replayAnalyses(store, 'flights', cycle)).rejects.toMatchObject({ type: 'EvidenceCorrupt' });
});

test('a cycle whose traffic nobody judged has nothing to replay', async () => {
  const { promote, store } = createChampionStory();
  const replay = await replayAnalyses(store, 'flights', await promote('a'));
  expect(replay).toEqual({ decisions: [], watches: 0, windows: 0, difference: null, notes: [] });
  expect(analysesLines(replay)).toEqual([]);
});

test('the audit follows the chain of watches and names the one that is gone', async () => {
  const { store, digests, records } = await watchedCycle([harmless, harmful]);
  const hex = digests[0]!.slice('sha256:'.length);
  store.files.delete(`objects/sha256/${hex.slice(0, 2)}/${hex}`);
  const filed = (await records()).filter(({ body }) => body.kind === 'withdrawn').map((record) => ({ record }));
  const problems = await checkCitedEvidence(store, filed as never, { seen: new Set(), withData: false });
  expect(problems).toContainEqual(expect.objectContaining({ field: 'body.analysisDigest', message: expect.stringContaining(digests[0]!) }));
});
