import { MonitoredWindow, monitoredPrefix } from '../domain/monitoring.js';
import type { AnswerReach } from '../domain/monitoring-spec.js';
import { windowStamp } from '../domain/window-stamp.js';
import type { ObjectStore } from '../ports/object-store.js';

const DAY_MS = 86_400_000;
/** A calendar month. */
const LOOK_BACK_MS = 32 * DAY_MS;
/** Nobody looks less often than once a month, and answers count at most 100 windows. */
const LOOK_BACK_MS_MAX = 3200 * DAY_MS;
const PAGE = 1000;
const AT_ONCE = 16;

/** null: no such window was judged. */
export async function readWindow(store: ObjectStore, key: string): Promise<MonitoredWindow | null> {
  const bytes = await store.get(key);
  return bytes === null ? null : MonitoredWindow.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
}

/** The windows of the last month that ended before `end`, oldest first; at most the newest `windowsMax`. */
export async function readWindows(store: ObjectStore, model: string, end: string, windowsMax: number): Promise<MonitoredWindow[]> {
  return readAll(store, (await keysBefore(store, model, end, LOOK_BACK_MS)).slice(-windowsMax));
}

/** The windows before `end` that answers to it may rest on, oldest first. */
export async function readAnswered(
  store: ObjectStore,
  model: string,
  end: string,
  { hours, ofWindows }: AnswerReach,
): Promise<MonitoredWindow[]> {
  for (let lookBackMs = Math.max(hours / 24, 1) * DAY_MS; ; lookBackMs *= 4) {
    const keys = await keysBefore(store, model, end, Math.min(lookBackMs, LOOK_BACK_MS_MAX));
    const isAll = lookBackMs >= LOOK_BACK_MS_MAX;
    if (keys.length < ofWindows && !isAll) continue;
    const windows = await readAll(store, keys);
    if (isAll || windows.filter(({ scheduled }) => scheduled).length >= ofWindows) return windows;
  }
}

async function keysBefore(store: ObjectStore, model: string, end: string, lookBackMs: number): Promise<string[]> {
  const prefix = monitoredPrefix(model);
  const until = prefix + windowStamp(end);
  const keys: string[] = [];
  for (let startAfter = prefix + windowStamp(new Date(Date.parse(end) - lookBackMs).toISOString()); ;) {
    const page = await store.list(prefix, { startAfter, limit: PAGE });
    keys.push(...page.filter((key) => key < until && key.endsWith('.json')));
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE || last >= until) return keys;
    startAfter = last;
  }
}

async function readAll(store: ObjectStore, keys: readonly string[]): Promise<MonitoredWindow[]> {
  const windows: MonitoredWindow[] = [];
  for (let from = 0; from < keys.length; from += AT_ONCE) {
    const found = await Promise.all(keys.slice(from, from + AT_ONCE).map((key) => readWindow(store, key)));
    windows.push(...found.filter((window) => window !== null));
  }
  return windows;
}
