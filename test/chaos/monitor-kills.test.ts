import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ScheduleOverlapPolicy } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MonitoredWindow } from '../../src/domain/monitoring.js';
import { windowStamp } from '../../src/domain/window-stamp.js';
import { monitorScheduleId, monitorWorkflowId } from '../../src/workflows/messages.js';
import { startHttpReceiver, type HttpReceiver } from '../servers/http-receiver.js';
import { records } from './kill-point.js';
import { MODEL, startQuickStack, type QuickStack } from './quick-stack.js';
import { persist, strike, surviveBlow, type Victim } from './survive-kill.js';
import { until } from './until.js';

const DAY_MS = 86_400_000;
const EVERY_DAYS = 30;
/** Every window finds the champion stale, for it was trained on 2013. The cycle that this opens waits for a person. */
const MONITORING = `  serving: {}
  monitoring:
    schedule: { kind: interval, everyMinutes: ${EVERY_DAYS * 1440} }
    settleMinutes: 0
    windowHours: 1
    thresholds: { staleDaysMax: 1 }
`;
const SECRET = `whsec_${Buffer.from('for this test, and no other one.').toString('base64')}`;

/** What can be seen of one window from outside, in order: what was just done, and not yet answered. */
const POINTS = ['job claimed', 'job ended', 'window kept', 'recorded', 'wished', 'told here', 'told there'] as const;
type Point = (typeof POINTS)[number];

interface Window {
  readonly end: string;
  readonly stamp: string;
}

let windows = 0;
/** The next time at which the schedule was due: long ago, and never asked for before. */
function nextWindow(): Window {
  windows += 1;
  const end = new Date(Math.ceil(Date.UTC(2020, 0, 1) / (EVERY_DAYS * DAY_MS)) * EVERY_DAYS * DAY_MS + windows * EVERY_DAYS * DAY_MS);
  return { end: end.toISOString(), stamp: windowStamp(end.toISOString()) };
}

describe('a monitor run survives kill -9: one job, one window, one record, one wish, and people are told', () => {
  let stack: QuickStack;
  beforeAll(async () => {
    stack = await startQuickStack({ extra: { NOTICE_SECRET: SECRET } });
    await surviveBlow(stack, 'nothing, for a champion', async () => undefined);
    // Only now: the servers of models are no part of this.
    appendFileSync(stack.modelFile, MONITORING);
    const applied = await stack.cli(['apply', '-f', stack.modelFile]);
    if (applied.code !== 0) throw new Error(applied.output);
  }, 600_000);
  afterAll(async () => stack?.stop());

  const kills = [...POINTS.map((point) => ['worker', point] as const), ['supervisor too', 'recorded'] as const];
  test.for(kills)('of %s at: %s', async ([victim, point]: readonly [Victim, Point]) => {
    const receiver = await startHttpReceiver();
    writeRoutes(stack, receiver);
    if (point === 'told there') receiver.answer = 'never';
    const window = nextWindow();
    await lookAt(stack, window);
    await until(`${point} of the window to ${window.end}`, () => isReached(stack, receiver, point, window));
    await strike(stack, victim);
    receiver.answer = 200;
    await until(`${window.end} is told through the webhook`, () => idsTold(receiver, window).length > Number(point === 'told there'));
    await until('the run has ended', async () => persist(async () => isClosed(stack, window)), { everyMs: 50 });

    expect(jobsOf(stack, window)).toEqual([expect.stringMatching(/-a1$/)]);
    expect(keptOf(stack, window).map(({ findings }) => findings.filter(({ state }) => state === 'found').map(({ kind }) => kind))).toEqual([
      ['staleness'],
    ]);
    const wishes = recordsOf(stack, window).flatMap(({ body }) => (body.kind === 'monitored' ? body.wishes : []));
    expect(wishes.map(({ finding }) => finding)).toEqual(['staleness']);
    const state = await persist(async () => (await stack.model()).state());
    expect(state?.seenKeys.filter(({ key }) => key === wishes[0]!.triggerKey)).toHaveLength(1);
    expect(toldHere(stack, window)).toHaveLength(1);
    // Told at least once: a receiver that drops what it has heard by its id hears it once.
    expect(new Set(idsTold(receiver, window)).size).toBe(1);
    if (point === 'told there') expect(idsTold(receiver, window).length).toBeGreaterThan(1);
  });

  test('and the ledger verifies afterwards', async () => {
    const { code, output } = await stack.cli(['-o', 'json', 'audit', 'verify', MODEL]);
    expect(JSON.parse(output)).toMatchObject([{ model: MODEL, problems: [] }]);
    expect(code).toBe(0);
  });
});

/** As a person does for what the schedule skipped. */
async function lookAt(stack: QuickStack, { end }: Window): Promise<void> {
  const schedule = (await stack.client()).schedule.getHandle(monitorScheduleId(MODEL));
  const at = Date.parse(end);
  await schedule.backfill({ start: new Date(at - 60_000), end: new Date(at + 60_000), overlap: ScheduleOverlapPolicy.BUFFER_ALL });
}

/** By the run itself: the list of runs is of a moment before. */
async function isClosed(stack: QuickStack, { end }: Window): Promise<boolean> {
  const runOfSchedule = `${monitorWorkflowId(MODEL)}-${end.replace('.000Z', 'Z')}`;
  const { status } = await (await stack.client()).workflow.getHandle(runOfSchedule).describe();
  return status.name !== 'RUNNING';
}

async function isReached(stack: QuickStack, receiver: HttpReceiver, point: Point, window: Window): Promise<boolean> {
  const { jobsFolder } = stack.home;
  switch (point) {
    case 'job claimed':
      return jobsOf(stack, window).some((job) => existsSync(join(jobsFolder, job, 'claim')));
    case 'job ended':
      return jobsOf(stack, window).some((job) => existsSync(join(jobsFolder, job, 'exit.json')));
    case 'window kept':
      return keptOf(stack, window).length > 0;
    case 'recorded':
      return recordsOf(stack, window).length > 0;
    case 'wished':
      return (await (await stack.model()).state())?.seenKeys.some(({ key }) => key.endsWith(window.end)) === true;
    case 'told here':
      return toldHere(stack, window).length > 0;
    case 'told there':
      return idsTold(receiver, window).length > 0;
  }
}

function jobsOf({ home }: QuickStack, { stamp }: Window): string[] {
  return readdirSync(home.jobsFolder).filter((name) => name.startsWith(`${MODEL}-monitor-${stamp.toLowerCase()}-`));
}

function keptOf({ home }: QuickStack, { stamp }: Window): MonitoredWindow[] {
  const folder = join(home.storeFolder, 'monitoring', MODEL);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.startsWith(`${stamp}-`) && name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as MonitoredWindow);
}

function recordsOf({ home }: QuickStack, { end }: Window) {
  return records(home.storeFolder).filter(({ body }) => body.kind === 'monitored' && body.window.end === end);
}

function toldHere({ home }: QuickStack, { end }: Window): string[] {
  const file = join(home.path, 'notices.jsonl');
  if (!existsSync(file)) return [];
  const ids = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { id: string }).id);
  return ids.filter((id) => id.includes('/monitor/') && id.endsWith(end));
}

/** The ids of what was told through the webhook, of which a receiver may drop those that it knows. */
function idsTold({ received }: HttpReceiver, { end }: Window): string[] {
  return received.filter(({ body }) => body.includes(`${end}"`)).map(({ headers }) => String(headers['webhook-id']));
}

/** They are read at each use. */
function writeRoutes({ home }: QuickStack, { url }: HttpReceiver): void {
  const route = { kind: 'webhook', url: `${url}/notices`, secret: { env: 'NOTICE_SECRET' } };
  writeFileSync(join(home.path, 'notices.yaml'), JSON.stringify({ routes: { program: route }, default: ['program'] }), { mode: 0o600 });
}
