import { countRequests, requestsBetween, type CountedInstance } from '../domain/decide/monitor/count-requests.js';
import type { TimeRange } from '../domain/dataset.js';
import { documentBytes } from '../domain/document.js';
import { COUNTED_EVERY_MS, RequestCounts, requestCountsKey, requestCountsPrefix, type WindowRequests } from '../domain/request-counts.js';
import type { Arm, Route } from '../domain/serving.js';
import type { MetricSource } from '../ports/metric-source.js';
import type { ObjectStore } from '../ports/object-store.js';
import type { Serving } from '../ports/serving.js';

export interface CountPorts {
  readonly store: ObjectStore;
  readonly serving: Serving;
  readonly metrics: MetricSource;
}

/** Where nobody counted for longer, counting begins anew. */
const GOES_ON_MS = 86_400_000;
/** A window begins with the reading before it, where that is not older. */
const BEFORE_MS = 2 * COUNTED_EVERY_MS;
const PAGE = 1000;

/**
 * Keeps what the router has counted for a model, once in ten minutes, whoever asks.
 * @throws {RatchetError} MetricsUnavailable, ServingUnavailable, StoreUnavailable, StoreFull
 */
export async function keepRequestCounts(
  { store, serving, metrics }: CountPorts,
  { model, splits, mirror }: Pick<Route, 'model' | 'splits' | 'mirror'>,
  nowMs: number,
  signal: AbortSignal,
): Promise<void> {
  const key = requestCountsKey(model, nowMs);
  if ((await store.get(key)) !== null) return;
  const asked = [...splits, ...(mirror === null ? [] : [mirror])];
  const reading = await metrics.read(Object.fromEntries(asked.map(({ arm, instance }) => [arm, instance])), 'request', signal);
  const instances: CountedInstance[] = [];
  for (const [arm, { units, errors }] of Object.entries(reading.arms) as [Arm, { units: number; errors: number }][]) {
    const instance = asked.find((one) => one.arm === arm)?.instance;
    const version = instance === undefined ? undefined : (await serving.describe(instance))?.version;
    if (instance !== undefined && version !== undefined) instances.push({ instance, arm, version, requests: units, errors });
  }
  const [before] = (await keysBetween(store, model, nowMs - GOES_ON_MS, nowMs)).slice(-1);
  const counted = before === undefined ? null : await readCounts(store, before);
  if (counted !== null && reading.atMs <= Date.parse(counted.at)) return; // a late source: nothing is new, and less is no restart
  const counts = countRequests(model, counted, { atMs: reading.atMs, instances });
  await store.createIfAbsent(key, documentBytes(counts));
}

/** What was asked in a window, from the last reading before it to the last one in it; null: there are no two readings. */
export async function requestsOfWindow(store: ObjectStore, model: string, { start, end }: TimeRange): Promise<WindowRequests | null> {
  const [startMs, endMs] = [Date.parse(start), Date.parse(end)];
  const readings: RequestCounts[] = [];
  const keys = await keysBetween(store, model, startMs - BEFORE_MS, endMs);
  const inside = keys.findIndex((key) => key > requestCountsKey(model, startMs));
  // A name is the begin of the stretch that a reading lies in: those around each end are read, the others need not be.
  const around = [...keys.slice(0, inside + 1), ...keys.slice(-2)];
  for (const key of new Set(around)) {
    const counts = await readCounts(store, key);
    if (counts !== null) readings.push(counts);
  }
  const last = readings.findLast(({ at }) => Date.parse(at) <= endMs);
  const first = readings.findLast(({ at }) => Date.parse(at) <= startMs) ?? readings[0];
  return first === undefined || last === undefined || first.at === last.at ? null : requestsBetween(first, last);
}

/** null also where another version of Ratchet wrote it: then counting begins anew. */
async function readCounts(store: ObjectStore, key: string): Promise<RequestCounts | null> {
  const bytes = await store.get(key);
  return bytes === null ? null : (RequestCounts.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8'))).data ?? null);
}

/** In order; with the stretches that both ends lie in. */
async function keysBetween(store: ObjectStore, model: string, fromMs: number, toMs: number): Promise<string[]> {
  const until = requestCountsKey(model, toMs);
  const keys: string[] = [];
  for (let startAfter = requestCountsKey(model, fromMs - COUNTED_EVERY_MS); ;) {
    const page = await store.list(requestCountsPrefix(model), { startAfter, limit: PAGE });
    keys.push(...page.filter((key) => key <= until));
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE || last > until) return keys;
    startAfter = last;
  }
}
