import { MonitoredWindow, monitoredPrefix, windowStamp } from '../domain/monitoring.js';
import type { ObjectStore } from '../ports/object-store.js';

/** As long as any answer may wait before it is given again. */
const LOOK_BACK_MS = 32 * 86_400_000;
const WINDOWS_MAX = 400;
const PAGE = 1000;
const AT_ONCE = 16;

/** null: no such window was judged. */
export async function readWindow(store: ObjectStore, key: string): Promise<MonitoredWindow | null> {
  const bytes = await store.get(key);
  return bytes === null ? null : MonitoredWindow.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
}

/** The windows of the last month that ended before `end`, oldest first; at most the newest 400. */
export async function readWindows(store: ObjectStore, model: string, end: string): Promise<MonitoredWindow[]> {
  const prefix = monitoredPrefix(model);
  const until = prefix + windowStamp(end);
  const keys: string[] = [];
  for (let startAfter = prefix + windowStamp(new Date(Date.parse(end) - LOOK_BACK_MS).toISOString()); ;) {
    const page = await store.list(prefix, { startAfter, limit: PAGE });
    keys.push(...page.filter((key) => key < until && key.endsWith('.json')));
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE || last >= until) break;
    startAfter = last;
  }
  const windows: MonitoredWindow[] = [];
  const wanted = keys.slice(-WINDOWS_MAX);
  for (let from = 0; from < wanted.length; from += AT_ONCE) {
    const found = await Promise.all(wanted.slice(from, from + AT_ONCE).map((key) => readWindow(store, key)));
    windows.push(...found.filter((window) => window !== null));
  }
  return windows;
}
