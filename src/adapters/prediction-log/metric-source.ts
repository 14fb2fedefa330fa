import type { Arm } from '../../domain/serving.js';
import type { ArmCounts } from '../../domain/traffic-window.js';
import type { MetricSource } from '../../ports/metric-source.js';
import type { ObjectStore } from '../../ports/object-store.js';
import { openLogReader } from './log-reader.js';

export interface LoggedMetricSourceOptions {
  /** Counts requests and errors, and says until when that is. */
  readonly counts: MetricSource;
  readonly store: Pick<ObjectStore, 'list' | 'get'>;
  /** null: nobody knows the instance. */
  modelOf(instance: string): Promise<string | null>;
  /** Milliseconds since 1970; absent: the clock's. */
  now?(): number;
}

/** Harm is not to wait for a store that hangs. */
const LOOK_MS_MAX = 3000;

/**
 * Requests and errors of another source, and with them the answers that the log of predictions has, until the same time. A log
 * may miss some, which means and shares can bear; so nothing else is counted by it, least of all how many there were. Where none
 * comes, or the store is away, there are no answers, which proves nothing: no data is no success. Errors are counted all the same.
 */
export function createLoggedMetricSource({ counts, store, modelOf, now = Date.now }: LoggedMetricSourceOptions): MetricSource {
  const readers = new Map<string, ReturnType<typeof openLogReader>>();
  return {
    async read(instances, unit, signal) {
      const { atMs, arms } = await counts.read(instances, unit, signal);
      const withAnswers = async ([arm, counted]: [Arm, ArmCounts]): Promise<[Arm, ArmCounts]> => {
        const reader = await readerOf(instances[arm]!);
        if (reader) await inTime(reader.look(now(), atMs));
        return [arm, { ...counted, ...reader?.until(atMs) }];
      };
      return { atMs, arms: Object.fromEntries(await Promise.all((Object.entries(arms) as [Arm, ArmCounts][]).map(withAnswers))) };
    },
  };

  async function readerOf(instance: string): Promise<ReturnType<typeof openLogReader> | undefined> {
    const known = readers.get(instance);
    if (known) return known;
    const model = await modelOf(instance);
    if (model !== null) readers.set(instance, openLogReader(store, model, instance));
    return readers.get(instance);
  }
}

/** What is not read by then, or cannot be, is read with a later look. */
async function inTime(look: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => (timer = setTimeout(resolve, LOOK_MS_MAX)));
  await Promise.race([look.catch(() => undefined), over]);
  clearTimeout(timer);
}
