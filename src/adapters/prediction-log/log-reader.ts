import type { ObjectStore } from '../../ports/object-store.js';
import { addAnswers, countOutputs, noAnswers, readAnswers } from './logged-answers.js';
import type { AnswerCounts } from './logged-answers.js';

const HOUR_MS = 3_600_000;
/** Divides every period that counts come in. */
const BUCKET_MS = 10_000;
/** Files come a minute after their first answer, and later where a store was away. */
const LATE_MS_MAX = HOUR_MS;
/** Whom nobody asked for so long is not read meanwhile: what came since is passed over. */
const IDLE_MS_MAX = 9 * 60_000;
const PAGE = 1000;

/**
 * Reads one instance's files of the prediction log as they come. It counts from its first look on, so that nobody waits for a
 * day's files; another reader begins anew.
 */
export function openLogReader(store: Pick<ObjectStore, 'list' | 'get'>, model: string, instance: string) {
  const seen = new Set<string>();
  const buckets = new Map<number, AnswerCounts>();
  let [sinceMs, lookedMs] = [0, -Infinity];
  let settled = noAnswers;
  let underWay: Promise<void> | null = null;
  return { look, until };

  /**
   * Reads the files that are new. Where a look is under way, as at a store that hangs, it is that one: nothing is counted twice.
   * @param fromMs what is older at the first look is not counted
   * @throws {RatchetError} StoreUnavailable, AccessDenied
   */
  function look(nowMs: number, fromMs: number): Promise<void> {
    underWay ??= lookOnce(nowMs, fromMs).finally(() => (underWay = null));
    return underWay;
  }

  async function lookOnce(nowMs: number, fromMs: number): Promise<void> {
    const isFirst = nowMs - lookedMs > IDLE_MS_MAX;
    const hours = [...new Set([nowMs - LATE_MS_MAX, nowMs].map(hourText))];
    for (const key of seen) if (!hours.some((hour) => key.startsWith(folderOf(hour)))) seen.delete(key);
    if (isFirst) sinceMs = fromMs;
    for (const hour of hours) {
      for (const key of await keysOf(`${folderOf(hour)}${instance}-`)) {
        if (seen.has(key)) continue;
        const content = isFirst ? null : await store.get(key);
        if (content !== null) count(await readAnswers(content));
        seen.add(key);
      }
    }
    lookedMs = nowMs;
  }

  function count(answers: Awaited<ReturnType<typeof readAnswers>>): void {
    const outputs = new Map<number, number[]>();
    for (const { instance: name, timeMs, output } of answers) {
      // Names begin alike: m-1, and its fresh twin m-1-fresh-2.
      if (name !== instance || timeMs < sinceMs) continue;
      const bucket = Math.floor(timeMs / BUCKET_MS) * BUCKET_MS;
      const found = outputs.get(bucket);
      if (found) found.push(output);
      else outputs.set(bucket, [output]);
    }
    for (const [bucket, found] of outputs) buckets.set(bucket, addAnswers(buckets.get(bucket) ?? noAnswers, countOutputs(found)));
  }

  /** What was answered before; what came late is in it as soon as it is there. */
  function until(untilMs: number): AnswerCounts {
    for (const [bucket, counts] of buckets) {
      if (bucket >= untilMs - LATE_MS_MAX) continue;
      settled = addAnswers(settled, counts);
      buckets.delete(bucket);
    }
    return [...buckets].reduce((total, [bucket, counts]) => (bucket < untilMs ? addAnswers(total, counts) : total), settled);
  }

  async function keysOf(prefix: string): Promise<string[]> {
    const keys: string[] = [];
    for (let startAfter: string | undefined; ;) {
      const page = await store.list(prefix, { limit: PAGE, ...(startAfter !== undefined && { startAfter }) });
      keys.push(...page.filter((key) => key.endsWith('.parquet')));
      if (page.length < PAGE) return keys;
      startAfter = page.at(-1);
    }
  }

  function folderOf(hour: string): string {
    return `predictions/${model}/${hour}/`;
  }
}

/** `2013-07-01/06` */
function hourText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 13).replace('T', '/');
}
