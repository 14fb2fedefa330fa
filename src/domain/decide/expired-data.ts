import type { DataFile, TimeRange } from '../dataset.js';
import type { Digest } from '../digest.js';

const DAY_MS = 86_400_000;

/** A snapshot's manifest by its digest, and the files that it names. */
export interface NamedDataset {
  readonly datasetDigest: Digest;
  readonly files: readonly Pick<DataFile, 'digest' | 'part' | 'bytes' | 'window'>[];
}

export type VersionRole = 'champion' | 'previous champion' | 'anchor' | 'reference of the open cycle';

/** What the ledger of one model says about its data. */
export interface ModelData {
  readonly model: string;
  /** Of the spec in force; null: none was ever applied, so nothing may go. */
  readonly retention: { readonly snapshotDays: number; readonly cyclesMin: number } | null;
  readonly cycles: readonly {
    readonly cycle: number;
    /** Time of its `cycle-started` record, ISO 8601. */
    readonly startedAt: string;
    readonly isOpen: boolean;
    readonly datasets: readonly NamedDataset[];
  }[];
  /** Data of versions that are still compared with, whatever their age. */
  readonly versions: readonly (NamedDataset & { readonly role: VersionRole })[];
  /** What an open cycle may have snapshot, whose data sets the ledger does not name yet; null: no cycle is open. */
  readonly openWindow: TimeRange | null;
}

/** A cycle's data set, and why it stays. */
export interface JudgedDataset {
  readonly model: string;
  readonly cycle: number;
  readonly startedAt: string;
  readonly datasetDigest: Digest;
  /** null: it is past its retention. */
  readonly keptBecause: VersionRole | 'no spec in force' | 'open cycle' | 'among the newest cycles' | 'young' | null;
}

/** A file that nothing kept refers to. */
export interface ExpiredFile {
  readonly digest: Digest;
  readonly part: DataFile['part'];
  readonly bytes: number;
  /** Every expired data set that refers to it, as model and cycle. */
  readonly usedBy: readonly { readonly model: string; readonly cycle: number }[];
}

/**
 * Which snapshot files are past their retention. Content is shared, so a file goes only where no kept data set of any model
 * refers to it; `models` must be all models of the store.
 *
 * An open cycle's snapshot is in no record yet, and may consist of files that an old cycle made. Equal files hold equal
 * rows, and those lie in the cycle's window: so every file whose window overlaps an open one stays.
 *
 * Pure. @param nowMs since 1970, UTC
 */
export function expiredData(
  models: readonly ModelData[],
  nowMs: number,
): { readonly datasets: readonly JudgedDataset[]; readonly files: readonly ExpiredFile[] } {
  const judged = models.flatMap((data) => judgeDatasets(data, nowMs));
  const kept = [...judged.filter(({ keptBecause }) => keptBecause !== null), ...models.flatMap(({ versions }) => versions)];
  const keptDigests = new Set(kept.flatMap(({ files }) => files.map(({ digest }) => digest)));
  const openWindows = models.flatMap(({ openWindow }) => openWindow ?? []);
  const expired = new Map<Digest, ExpiredFile>();
  for (const { model, cycle, keptBecause, files } of judged) {
    if (keptBecause !== null) continue;
    for (const { digest, part, bytes, window } of files) {
      if (keptDigests.has(digest)) continue;
      // The same bytes may stand in several manifests: where one of their windows overlaps, an earlier entry goes again.
      if (openWindows.some((open) => overlap(open, window))) {
        keptDigests.add(digest);
        expired.delete(digest);
        continue;
      }
      const usedBy = [...(expired.get(digest)?.usedBy ?? []), { model, cycle }];
      expired.set(digest, { digest, part, bytes, usedBy });
    }
  }
  return { datasets: judged.map(({ files: _files, ...dataset }) => dataset), files: [...expired.values()] };
}

type Judged = JudgedDataset & NamedDataset;

function judgeDatasets({ model, retention, cycles, versions }: ModelData, nowMs: number): Judged[] {
  const newest = new Set(
    cycles
      .map(({ cycle }) => cycle)
      .sort((a, b) => b - a)
      .slice(0, retention?.cyclesMin),
  );
  const why = ({ cycle, startedAt, isOpen }: ModelData['cycles'][number], datasetDigest: Digest): JudgedDataset['keptBecause'] => {
    const version = versions.find((candidate) => candidate.datasetDigest === datasetDigest);
    if (version !== undefined) return version.role;
    if (isOpen) return 'open cycle';
    if (retention === null) return 'no spec in force';
    if (newest.has(cycle)) return 'among the newest cycles';
    return nowMs - Date.parse(startedAt) < retention.snapshotDays * DAY_MS ? 'young' : null;
  };
  return cycles.flatMap((past) =>
    past.datasets.map(({ datasetDigest, files }) => ({
      model,
      cycle: past.cycle,
      startedAt: past.startedAt,
      datasetDigest,
      files,
      keptBecause: why(past, datasetDigest),
    })),
  );
}

/** Half-open intervals. A time that cannot be read overlaps everything. */
function overlap(a: TimeRange, b: TimeRange): boolean {
  return !(Date.parse(a.end) <= Date.parse(b.start) || Date.parse(b.end) <= Date.parse(a.start));
}
