import type { ModelData } from './expired-data.js';

const DAY_MS = 86_400_000;

/** What the ledger of one model says about its cycles. */
export interface ModelCycles extends Pick<ModelData, 'model' | 'retention'> {
  readonly cycles: readonly Omit<ModelData['cycles'][number], 'datasets'>[];
  /** How the newest cycle ended; null: it has not, or there is none. */
  readonly lastOutcome: string | null;
}

/** Outcomes that `ratchet retry` goes on from. */
const retried = new Set(['failed', 'aborted']);

/**
 * Which jobs' records and logs are past their retention: those of cycles that ended, by the rule for their data. What no
 * ledger knows stays. Pure. @param nowMs since 1970, UTC
 */
export function expiredJobs(models: readonly ModelCycles[], jobNames: readonly string[], nowMs: number): string[] {
  const expired = new Set(
    models.flatMap(({ model, retention, cycles }) => {
      if (retention === null) return [];
      const newestFirst = [...cycles].sort((a, b) => b.cycle - a.cycle);
      return newestFirst
        .slice(retention.cyclesMin)
        .filter(({ isOpen, startedAt }) => !isOpen && isPast(startedAt, retention.snapshotDays, nowMs))
        .map(({ cycle }) => `${model}-c${cycle}`);
    }),
  );
  return jobNames.filter((name) => expired.has(/^(.+-c\d+)-[a-z]+-a\d+$/.exec(name)?.[1] ?? ''));
}

/**
 * Which places of checkpoints nobody goes on from: no cycle of their model is open, and its newest one ended by a decision, so
 * that its trainings are done, or failed so long ago that its data is past its retention. Pure.
 *
 * @param places `<model>/<work>`, as the clusters know them
 */
export function expiredCheckpoints(models: readonly ModelCycles[], places: readonly string[], nowMs: number): string[] {
  const done = new Set(models.filter((model) => nobodyGoesOn(model, nowMs)).map(({ model }) => model));
  return places.filter((place) => done.has(place.split('/')[0] ?? ''));
}

function nobodyGoesOn({ retention, cycles, lastOutcome }: ModelCycles, nowMs: number): boolean {
  if (retention === null || lastOutcome === null || cycles.some(({ isOpen }) => isOpen)) return false;
  if (!retried.has(lastOutcome)) return true;
  return cycles.every(({ startedAt }) => isPast(startedAt, retention.snapshotDays, nowMs));
}

function isPast(startedAt: string, days: number, nowMs: number): boolean {
  return nowMs - Date.parse(startedAt) >= days * DAY_MS;
}
