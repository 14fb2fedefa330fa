import { matureCohorts } from '../../domain/decide/mature-cohorts.js';
import { RatchetError } from '../../domain/failure.js';
import type { LabelledDay, LabelReading } from '../../domain/label-reading.js';
import type { LabelReader } from '../../ports/label-reader.js';
import type { ObjectStore } from '../../ports/object-store.js';
import { readHead, readSpec } from '../ledger-view.js';

export interface LabelStatus extends Omit<LabelReading, 'days'> {
  readonly model: string;
  readonly asOf: string;
  /** Where the asked time begins. */
  readonly from: string;
  readonly days: readonly (Pick<LabelledDay, 'day' | 'predictions' | 'labelled' | 'censored'> & {
    readonly coverage: number;
    readonly isMature: boolean;
    /** Why what is said of this day is provisional; '' where it is mature. */
    readonly reason: string;
  })[];
}

export interface LabelStatusRequest {
  readonly store: ObjectStore;
  readonly reader: LabelReader;
  readonly model: string;
  /** So many days back from `asOfMs`. */
  readonly days: number;
  readonly asOfMs: number;
  readonly signal: AbortSignal;
}

/** How much is known of a model's logged predictions. @throws {RatchetError} ModelUnknown, and what the reader throws */
export async function labelStatus({ store, reader, model, days, asOfMs, signal }: LabelStatusRequest): Promise<LabelStatus> {
  const head = await readHead(store, model);
  if (!head?.after.specDigest)
    throw new RatchetError('ModelUnknown', `there is no model ${model} in ${store.uri}`, { remedy: '`ratchet get` lists the models' });
  const { data } = (await readSpec(store, head.after.specDigest)).spec;
  const startMs = asOfMs - days * 86_400_000;
  const question = { model, startMs, endMs: asOfMs, asOfMs, timeZone: data.timeZone, compare: null };
  const reading = await reader.read(question, signal);
  const judged = matureCohorts(reading.days, data.label, asOfMs);
  return {
    model,
    asOf: new Date(asOfMs).toISOString(),
    from: new Date(startMs).toISOString(),
    counts: reading.counts,
    conflicts: reading.conflicts,
    kpis: reading.kpis,
    days: judged.map(({ cohort: { day, predictions, labelled, censored }, coverage, isMature, reason }) => ({
      day,
      predictions,
      labelled,
      censored,
      coverage,
      isMature,
      reason,
    })),
  };
}
