import { z } from 'zod';

/** JSON has no NaN: a loss that is none is told as a word. */
const Loss = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]);

/** What a job says of its progress, in the file named by RATCHET_PROGRESS, or as a line of its log. Everything may be absent. */
export const JobProgress = z.strictObject({
  /** Of `total`; whatever unit the job counts in. */
  step: z.number().optional(),
  total: z.number().optional(),
  epoch: z.number().optional(),
  epochs: z.number().optional(),
  /** Of training; one that is not finite stops the job. */
  loss: Loss.optional(),
  examplesPerSecond: z.number().min(0).optional(),
  message: z.string().max(500).optional(),
});
export type JobProgress = z.infer<typeof JobProgress>;

/** More than a few words are not looked at: it is read many times. */
export const PROGRESS_BYTES_MAX = 64 * 2 ** 10;

/** What such a line begins with where RATCHET_PROGRESS is `-`: for clusters that see nothing of a job but its log. */
const LINE_PREFIX = 'RATCHET_PROGRESS ';

/**
 * Progress from the text of a progress file. What is no number where one is expected is left out; `NaN` as Python's json
 * writes it is taken for what it is. null: nothing that says anything, or half a file.
 */
export function readJobProgress(text: string): JobProgress | null {
  if (text.length > PROGRESS_BYTES_MAX) return null;
  let found: unknown;
  try {
    found = JSON.parse(text.replace(/("loss"\s*:\s*)(NaN|-?Infinity)/, '$1"$2"'));
  } catch {
    return null;
  }
  if (typeof found !== 'object' || found === null || Array.isArray(found)) return null;
  const fields = Object.entries(JobProgress.shape).flatMap(([name, field]) => {
    const value: unknown = (found as Record<string, unknown>)[name];
    const parsed = field.safeParse(typeof value === 'string' ? value.slice(0, 500) : value);
    return parsed.success && parsed.data !== undefined ? [[name, parsed.data] as const] : [];
  });
  return fields.length === 0 ? null : (Object.fromEntries(fields) as JobProgress);
}

/** The newest progress that a log tells; null: none. */
export function lastProgressIn(log: string): JobProgress | null {
  for (const line of log.split('\n').reverse()) {
    const progress = line.startsWith(LINE_PREFIX) ? readJobProgress(line.slice(LINE_PREFIX.length)) : null;
    if (progress !== null) return progress;
  }
  return null;
}
