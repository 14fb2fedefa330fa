import { readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { beforeAll, expect, test } from 'vitest';
import { countTriggers } from '../../src/workers/metrics/count-triggers.js';
import { createMeter } from '../../src/workers/metrics/meter.js';
import { historyOfJson, payloadTexts, type HistoryJson } from '../workflows/histories.js';
import { beQuiet, workflowBundle } from '../workflows/loop.js';

/**
 * Cycles that wait for people, and lifecycles, outlive releases: today's workflows must take every step that these
 * histories took. Where one fails, do not record it again: put the change under `patched()`.
 */
const folder = fileURLToPath(new URL('./histories/', import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
const read = (file: string): HistoryJson => JSON.parse(readFileSync(`${folder}${file}`, 'utf8')) as HistoryJson;

const replaying = () => ({ workflowBundle: workflowBundle(), sinks: countTriggers(createMeter()) });

beforeAll(beQuiet);

test('every recorded history replays with the workflows of today', async () => {
  const histories = files.map((file) => ({ workflowId: workflowIdOf(read(file)), history: historyOfJson(read(file)) }));
  const failures: string[] = [];
  let replayed = 0;
  for await (const { error } of Worker.runReplayHistories(replaying(), histories)) {
    if (error !== undefined) failures.push(`${files[replayed]}: ${error.message}`);
    replayed++;
  }
  expect(failures).toEqual([]);
  expect(replayed).toBe(31); // committed; none may be lost
});

test('a history that the workflows of today would not make is noticed', async () => {
  const changed = JSON.parse(JSON.stringify(read('v1-promoted.json')).replaceAll('"judgeCycle"', '"judgeCycleOfOld"')) as HistoryJson;
  const results = Worker.runReplayHistories(replaying(), [{ workflowId: workflowIdOf(changed), history: historyOfJson(changed) }]);
  for await (const { error } of results) expect(error?.name).toBe('DeterminismViolationError');
});

test.for(files)('%s names no machine and no place', (file) => {
  const text = [readFileSync(`${folder}${file}`, 'utf8'), ...payloadTexts(read(file))].join('\n');
  expect(text).not.toContain(hostname().length > 4 ? hostname() : `@${hostname()}"`);
  expect(text).not.toMatch(/\d+@[\w.-]+"|\/(home|root|Users|work|tmp)\//);
});

function workflowIdOf({ events }: HistoryJson): string {
  return (events[0]!['workflowExecutionStartedEventAttributes'] as { workflowId: string }).workflowId;
}
