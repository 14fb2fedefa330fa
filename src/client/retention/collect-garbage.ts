import { expiredData, type ExpiredFile, type JudgedDataset, type ModelData } from '../../domain/decide/expired-data.js';
import { RatchetError } from '../../domain/failure.js';
import type { ObjectStore } from '../../ports/object-store.js';
import { batches, isCurrent, surveyAll } from './survey-all.js';
import type { SurveyedModel } from './survey-data.js';

const SURVEYS_MAX = 5;

export interface GarbageOptions {
  /** Only files that this model's data sets refer to; absent: of all models. */
  readonly model?: string;
  /** false: only say what would go. */
  readonly isDeleting: boolean;
  /** Since 1970, UTC. */
  readonly nowMs: number;
}

export interface GarbageReport {
  /** Whether `files` are gone now, or only could go. */
  readonly deleted: boolean;
  readonly models: readonly Pick<ModelData, 'model' | 'retention'>[];
  /** Every cycle's data set, and why it is kept; null: it is past its retention. */
  readonly datasets: readonly JudgedDataset[];
  readonly files: readonly ExpiredFile[];
  /** Of all `files`. */
  readonly bytes: number;
}

/**
 * Finds the snapshot files that are past the retention of the specs in force, and deletes them where that is asked for.
 *
 * All ledgers of the store are read and verified first, whichever model is named: content is shared. Where a ledger grew
 * since, all is read again before the next file goes. May be repeated: what is gone already is not counted.
 *
 * @throws {RatchetError} LedgerBroken, EvidenceMissing, EvidenceCorrupt: what a model refers to is not known, so nothing is
 * deleted. ModelUnknown. LedgerConflict: the ledgers grew all the time. StoreUnavailable, AccessDenied.
 */
export async function collectGarbage(store: ObjectStore, options: GarbageOptions): Promise<GarbageReport> {
  const deleted: ExpiredFile[] = [];
  for (let surveys = 1; surveys <= SURVEYS_MAX; surveys++) {
    const survey = await surveyAll(store);
    const { datasets, files } = expiredData(
      survey.map(({ data }) => data),
      options.nowMs,
    );
    const isAsked = (model: string): boolean => options.model === undefined || options.model === model;
    if (!survey.some(({ data }) => isAsked(data.model)))
      throw new RatchetError('ModelUnknown', `${store.uri}: expected a ledger${options.model ? ` of ${options.model}` : ''}, found none`, {
        remedy: 'name another folder with --home or another store with RATCHET_STORE_URI; ratchet apply -f <model file> begins a ledger',
      });
    const asked = files.filter(({ usedBy }) => usedBy.some(({ model }) => isAsked(model)));
    const report = (found: readonly ExpiredFile[]): GarbageReport => ({
      deleted: options.isDeleting,
      models: survey.map(({ data: { model, retention } }) => ({ model, retention })).filter(({ model }) => isAsked(model)),
      datasets: datasets.filter(({ model }) => isAsked(model)),
      files: found,
      bytes: found.reduce((bytes, file) => bytes + file.bytes, 0),
    });
    const present = await stillThere(store, asked);
    if (!options.isDeleting) return report(present);
    if (await deleteAll(store, survey, present, deleted)) return report(deleted);
  }
  throw new RatchetError(
    'LedgerConflict',
    `${store.uri}: expected ledgers that stand still for a moment, found records added all the time`,
    {
      remedy: `${deleted.length} files were deleted; run it again when fewer cycles start`,
    },
  );
}

async function stillThere(store: ObjectStore, files: readonly ExpiredFile[]): Promise<ExpiredFile[]> {
  const present: ExpiredFile[] = [];
  for (const batch of batches(files)) {
    const found = await Promise.all(batch.map(({ digest }) => store.hasDigest(digest)));
    present.push(...batch.filter((_, index) => found[index]));
  }
  return present;
}

/** @param deleted added to. @returns false: a ledger grew, what may go must be found out anew */
async function deleteAll(
  store: ObjectStore,
  survey: readonly SurveyedModel[],
  files: readonly ExpiredFile[],
  deleted: ExpiredFile[],
): Promise<boolean> {
  for (const batch of batches(files)) {
    if (!(await isCurrent(store, survey))) return false;
    await Promise.all(batch.map(({ digest }) => store.remove(digest)));
    deleted.push(...batch);
  }
  return true;
}
