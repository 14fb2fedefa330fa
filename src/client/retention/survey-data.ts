import { dataWindow } from '../../domain/decide/data-window.js';
import type { ModelData, NamedDataset, VersionRole } from '../../domain/decide/expired-data.js';
import { Dataset } from '../../domain/dataset.js';
import type { Digest } from '../../domain/digest.js';
import { parseDocument } from '../../domain/document.js';
import { RatchetError } from '../../domain/failure.js';
import type { LedgerRecord } from '../../domain/ledger.js';
import { SnapshotOutput } from '../../domain/stage-jobs.js';
import type { ObjectStore } from '../../ports/object-store.js';
import { readEvidence } from '../audit/past-cycle.js';
import { verifyLedger } from '../audit/verify-ledger.js';
import { readRecords, readSpec } from '../ledger-view.js';

/** What a model's ledger says about its data, and how much of the ledger that is. */
export interface SurveyedModel {
  readonly data: ModelData;
  /** Its last record: a longer ledger may refer to more. */
  readonly seq: number;
  /** How the newest cycle ended; null: it has not, or there is none. */
  readonly lastOutcome: string | null;
}

/**
 * Reads which data sets a model's cycles and versions refer to. All of it or nothing: what is not known could be deleted.
 * @throws {RatchetError} LedgerBroken: the ledger does not hold. EvidenceMissing, EvidenceCorrupt: a document that names
 * data is gone, so what it names is unknown. ModelUnknown, StoreUnavailable.
 */
export async function surveyData(store: ObjectStore, model: string): Promise<SurveyedModel> {
  const records = await readSoundLedger(store, model);
  const { seq, after } = records.at(-1)!;
  const spec = after.specDigest === null ? null : await readSpec(store, after.specDigest);
  const snapshots = createSnapshotReader(store);
  const cycles: ModelData['cycles'][number][] = [];
  for (const { cycle, startedAt, evidence } of cyclesOf(records)) {
    cycles.push({ cycle, startedAt, isOpen: cycle === after.openCycle, datasets: await Promise.all([...evidence].map(snapshots)) });
  }
  return {
    seq,
    lastOutcome: lastOutcome(records),
    data: { model, retention: spec?.spec.retention ?? null, cycles, ...(await stillNeeded(store, records)) },
  };
}

async function readSoundLedger(store: ObjectStore, model: string): Promise<LedgerRecord[]> {
  const { problems } = await verifyLedger(store, model);
  const [problem] = problems;
  const remedy = `nothing was deleted; \`ratchet audit verify ${model}\` says what is wrong: restore the ledger from a copy`;
  if (problem !== undefined)
    throw new RatchetError('LedgerBroken', `ledger of ${model}, record ${problem.seq ?? 'unknown'}: ${problem.message}`, { remedy });
  const records = await readRecords(store, model);
  if (records.length > 0 && records.every((record, index) => record.seq === index + 1)) return records;
  throw new RatchetError('LedgerBroken', `ledger of ${model}: expected records without a gap, found ${records.length}`, { remedy });
}

/** Evidence of snapshots, by cycle: what a cycle ended with, and what it was allowed to cite. */
function cyclesOf(records: readonly LedgerRecord[]): { cycle: number; startedAt: string; evidence: Set<Digest> }[] {
  const cycles = new Map<number, { cycle: number; startedAt: string; evidence: Set<Digest> }>();
  for (const { seq, at, body } of records) {
    if (body.kind === 'cycle-started') {
      cycles.set(seq, { cycle: seq, startedAt: at, evidence: new Set(body.cites.snapshot ? [body.cites.snapshot] : []) });
    } else if (body.kind === 'cycle-ended' && body.evidence.snapshot) {
      cycles.get(body.cycle)?.evidence.add(body.evidence.snapshot);
    }
  }
  return [...cycles.values()];
}

function lastOutcome(records: readonly LedgerRecord[]): string | null {
  const last = records.findLast(({ body }) => body.kind === 'cycle-started' || body.kind === 'cycle-ended');
  return last?.body.kind === 'cycle-ended' ? last.body.outcome : null;
}

/** Each document is read once: retried cycles cite the same one. */
function createSnapshotReader(store: ObjectStore): (evidence: Digest) => Promise<NamedDataset> {
  const known = new Map<Digest, Promise<NamedDataset>>();
  return (evidence) => {
    const found = known.get(evidence) ?? readSnapshot(store, evidence);
    known.set(evidence, found);
    return found;
  };
}

async function readSnapshot(store: ObjectStore, evidence: Digest): Promise<NamedDataset> {
  const { datasetDigest, dataset } = (await readEvidence(store, 'snapshot', SnapshotOutput, evidence)).body;
  return { datasetDigest, files: dataset.files };
}

/** What the head refers to whatever its age, and what the open cycle may be about to. */
async function stillNeeded(store: ObjectStore, records: readonly LedgerRecord[]): Promise<Pick<ModelData, 'versions' | 'openWindow'>> {
  const { after } = records.at(-1)!;
  const opened = after.openCycle === null ? undefined : records[after.openCycle - 1];
  const roles: [VersionRole, Digest | undefined][] = [
    ['champion', after.champion?.datasetDigest],
    ['previous champion', after.previousChampion?.datasetDigest],
    ['anchor', after.anchor?.datasetDigest],
    // A rollback meanwhile does not change what an open cycle compares its rows with.
    ['reference of the open cycle', opened?.after.champion?.datasetDigest],
  ];
  const versions = roles.flatMap(([role, datasetDigest]) => (datasetDigest === undefined ? [] : [{ role, datasetDigest }]));
  return {
    versions: await Promise.all(versions.map(async (version) => ({ ...version, files: await filesOf(store, version.datasetDigest) }))),
    openWindow:
      opened?.body.kind === 'cycle-started'
        ? dataWindow((await readSpec(store, opened.body.specDigest)).spec.data, opened.body.asOf).window
        : null,
  };
}

async function filesOf(store: ObjectStore, manifest: Digest): Promise<Dataset['files']> {
  return parseDocument(Dataset, 'data set', manifest, await store.getByDigest(manifest)).files;
}
