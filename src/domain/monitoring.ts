import { z } from 'zod';
import { Label } from './data-spec.js';
import { TimeRange } from './dataset.js';
import { Digest } from './digest.js';
import { QualityMetric } from './evaluation-spec.js';
import { Finding, FindingKind } from './finding.js';
import { MonitorInput, MonitorOutput } from './monitor-jobs.js';
import { MonitorSettings } from './monitor-settings.js';
import { WindowRequests } from './request-counts.js';
import { Trigger } from './trigger.js';
import { windowStamp } from './window-stamp.js';

/** What a window is judged by, beside what was measured in it: fixed when its job was planned. */
export const MonitoringPolicy = z.strictObject({
  settings: MonitorSettings,
  label: Label.pick({ delayHours: true, policy: true, acceptSelectiveLabels: true, coverageMin: true, coverageDropMax: true }),
  champion: z.strictObject({
    version: z.string(),
    /** The end of its training data. */
    trainEnd: z.iso.datetime({ offset: true }),
    /** What its evaluation found; null: it is not known. */
    promise: z.partialRecord(QualityMetric, z.number().nullable()).nullable(),
  }),
});
export type MonitoringPolicy = z.infer<typeof MonitoringPolicy>;

/** One window of one champion, fixed before its job starts: whoever goes on with it does the same work. */
export const MonitoringPlan = z.strictObject({
  kind: z.literal('monitoring-plan'),
  model: z.string(),
  /** The cycle that made the champion. */
  cycle: z.number().int().positive(),
  specDigest: Digest,
  policy: MonitoringPolicy,
  input: MonitorInput,
});
export type MonitoringPlan = z.infer<typeof MonitoringPlan>;

/** What was measured in a window: the evidence that findings are judged from. */
export const MonitoringDocument = z.strictObject({
  kind: z.literal('monitoring'),
  model: z.string(),
  planDigest: Digest,
  job: z.strictObject({ name: z.string(), startedAt: z.string().nullable(), endedAt: z.string().nullable() }),
  body: MonitorOutput,
  /** As the proxy counted them; null: it did not. Absent: measured before they were counted. */
  requests: WindowRequests.nullable().optional(),
});
export type MonitoringDocument = z.infer<typeof MonitoringDocument>;

/** What a finding led to, by the spec and the windows before it. */
const Answer = z.strictObject({
  kind: FindingKind,
  action: z.enum(['alert', 'retrain', 'recalibrate', 'pauseServing']).nullable(),
  key: z.string(),
  trigger: Trigger.nullable(),
  /** Also why nothing is done. */
  reason: z.string(),
  found: z.number().int(),
});

/** A judged window, kept under a name that sorts by time: written once, and found when it is asked again. */
export const MonitoredWindow = z.strictObject({
  model: z.string(),
  window: TimeRange,
  version: z.string(),
  planDigest: Digest,
  documentDigest: Digest,
  /** false: a person asked; it does not count among the last windows of the schedule. */
  scheduled: z.boolean(),
  /** The cycle that made the champion. */
  cycle: z.number().int().positive(),
  /** What its job reserved: cores times seconds; absent: judged before this was written down. */
  cpuSeconds: z.number().min(0).optional(),
  /** As the proxy counted them, by arm and version; null: it did not. Absent: judged before they were counted. */
  requests: WindowRequests.nullable().optional(),
  /** What decay and promise are measured in. Absent, as `kpis`: judged before this was written down. */
  qualityMetric: QualityMetric.optional(),
  /** Means of the numbers that came with labels. */
  kpis: z.array(z.strictObject({ name: z.string(), mean: z.number() })).optional(),
  findings: z.array(Finding),
  answers: z.array(Answer),
});
export type MonitoredWindow = z.infer<typeof MonitoredWindow>;

/** All windows of a model, the oldest first. */
export const monitoredPrefix = (model: string): string => `monitoring/${model}/`;

/** The name of a window of a champion; `.json` is what was judged, `.html` the report. */
export function monitoredKey(model: string, window: TimeRange, cycle: number, kind: 'json' | 'html'): string {
  const hours = Math.round((Date.parse(window.end) - Date.parse(window.start)) / 3_600_000);
  return `${monitoredPrefix(model)}${windowStamp(window.end)}-${hours}h-c${cycle}.${kind}`;
}
