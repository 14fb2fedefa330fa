import type { JobProgress } from '../job-progress.js';

/** What a watch knows of its job's course. It travels in the heartbeat's details: another worker goes on with it. */
export interface JobWatch {
  readonly progress: JobProgress | null;
  /** When the job last said something new; the beginning of the watch, where it said nothing. */
  readonly changedAtMs: number;
  /** The first step that this attempt was seen at: what it did before was another attempt's speed. */
  readonly first: { readonly step: number; readonly atMs: number } | null;
  /** The farthest that this attempt was seen at; absent: it said no step. */
  readonly stepMax?: number;
  /** How often the workflow was told, and what it last heard. */
  readonly tellings: number;
  readonly toldAtMs: number;
  readonly toldShare: number;
  /** For people. */
  readonly words: string;
}

/** The signal that tells a cycle of its job's progress. */
export const JOB_PROGRESS_SIGNAL = 'jobProgress';

const TELLINGS_MAX = 16;
const TELLING_MS_MIN = 10_000;

/** A watch that begins now, or goes on with what a heartbeat last said. */
export function beginWatch(heartbeatDetails: unknown, nowMs: number): JobWatch {
  const found = heartbeatDetails as Partial<JobWatch> | null | undefined;
  if (typeof found?.changedAtMs === 'number' && typeof found.tellings === 'number') return found as JobWatch;
  return { progress: null, changedAtMs: nowMs, first: null, tellings: 0, toldAtMs: nowMs, toldShare: 0, words: '' };
}

/** Takes in what the job says now. Pure. */
export function observed(watch: JobWatch, progress: JobProgress | null, nowMs: number): JobWatch {
  if (progress === null || JSON.stringify(progress) === JSON.stringify(watch.progress)) return watch;
  const first = watch.first ?? (progress.step === undefined ? null : { step: progress.step, atMs: nowMs });
  const stepMax = Math.max(watch.stepMax ?? 0, progress.step ?? 0);
  const next = { ...watch, progress, changedAtMs: nowMs, first, ...(stepMax > 0 && { stepMax }) };
  return { ...next, words: progressInWords(progress, estimatedEndMs(next)) };
}

/** When it will be done, if it goes on as in this attempt so far; null: it cannot be said. */
export function estimatedEndMs({ progress, first, changedAtMs }: JobWatch): number | null {
  const { step, total } = progress ?? {};
  if (first === null || step === undefined || total === undefined || step <= first.step || step > total) return null;
  return changedAtMs + ((changedAtMs - first.atMs) / (step - first.step)) * (total - step);
}

/**
 * Whether the workflow is to hear of it now: after ten seconds, then at every sixteenth of the way, or, where there is no total,
 * each time that twice as long has passed. Each costs four events of the history: later attempts tell less.
 */
export function isTimeToTell(watch: JobWatch, { attempt, startedAtMs }: { attempt: number; startedAtMs: number }, nowMs: number): boolean {
  if (watch.progress === null || watch.tellings >= Math.max(2, TELLINGS_MAX / 2 ** (attempt - 1))) return false;
  if (nowMs - watch.toldAtMs < TELLING_MS_MIN || watch.changedAtMs <= watch.toldAtMs) return false;
  if (watch.tellings === 0) return true;
  const share = shareOf(watch.progress);
  if (share !== null) return Math.floor(share * TELLINGS_MAX) > Math.floor(watch.toldShare * TELLINGS_MAX);
  return nowMs - startedAtMs >= 2 * (watch.toldAtMs - startedAtMs);
}

export function told(watch: JobWatch, nowMs: number): JobWatch {
  const toldShare = (watch.progress && shareOf(watch.progress)) ?? 0;
  return { ...watch, tellings: watch.tellings + 1, toldAtMs: nowMs, toldShare };
}

function shareOf({ step, total }: JobProgress): number | null {
  return step === undefined || total === undefined || total <= 0 ? null : step / total;
}

/** One line: `epoch 3 of 10, step 3120 of 10000, loss 0.4121, 8800 examples/s, done about 2026-03-01 14:20 UTC`. */
function progressInWords(progress: JobProgress, endMs: number | null): string {
  const { step, total, epoch, epochs, loss, examplesPerSecond, message } = progress;
  return [
    epoch === undefined ? '' : `epoch ${epoch}${epochs === undefined ? '' : ` of ${epochs}`}`,
    step === undefined ? '' : `step ${step}${total === undefined ? '' : ` of ${total}`}`,
    loss === undefined ? '' : `loss ${typeof loss === 'number' ? Number(loss.toPrecision(4)) : loss}`,
    examplesPerSecond === undefined ? '' : `${Number(examplesPerSecond.toPrecision(3))} examples/s`,
    message ?? '',
    endMs === null ? '' : `done about ${new Date(endMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}
