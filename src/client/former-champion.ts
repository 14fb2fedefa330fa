import { RatchetError } from '../domain/failure.js';
import type { LedgerRecord, LedgerState } from '../domain/ledger.js';

/**
 * The version to turn back to, by its whole name or the part before `+`; null: the one before the champion. Pure.
 * @throws {RatchetError} ModelUnknown, RequestRefused: with the versions that could be named
 */
export function chooseFormerChampion(model: string, records: readonly LedgerRecord[], asked: string | null): string {
  const head = records.at(-1)?.after;
  if (head === undefined)
    throw new RatchetError('ModelUnknown', `there is no model ${model} here`, { remedy: '`ratchet get` lists the models' });
  const { champion } = head;
  if (champion === null)
    throw new RatchetError('RequestRefused', `${model} has no champion: there is nothing to turn back`, {
      remedy: `\`ratchet history ${model}\` shows what became of its cycles`,
    });
  const former = formerChampions(records).filter((version) => version !== champion.version);
  const remedy =
    former.length > 0 ? `name one that was champion with --to: ${former.join(', ')}` : `no other version of ${model} was ever champion`;
  if (asked === null) {
    const before = versionBefore(records, head);
    if (before !== undefined) return before;
    throw new RatchetError('RequestRefused', `there is no version before ${champion.version}, the champion of ${model}`, { remedy });
  }
  if (isNamed(champion.version, asked))
    throw new RatchetError('RequestRefused', `${champion.version} is the champion of ${model} already`, { remedy });
  const found = former.find((version) => isNamed(version, asked));
  if (found === undefined)
    throw new RatchetError('RequestRefused', `--to: expected a version of ${model} that was champion, found "${asked}"`, { remedy });
  return found;
}

/** The one that it replaced; after a rollback, the one that was promoted before it: never what was turned away. */
function versionBefore(records: readonly LedgerRecord[], { champion, previousChampion }: LedgerState): string | undefined {
  if (previousChampion !== null) return previousChampion.version;
  const promoted = records.flatMap(({ body }) => (body.kind === 'promoted' ? [body.version] : []));
  const index = promoted.findLastIndex(({ candidateDigest }) => candidateDigest === champion?.candidateDigest);
  return promoted.slice(0, Math.max(0, index)).at(-1)?.version;
}

/** Newest first, each once. */
function formerChampions(records: readonly LedgerRecord[]): string[] {
  const versions = records.flatMap(({ body }) => (body.kind === 'promoted' ? [body.version.version] : []));
  return [...new Set(versions.reverse())];
}

/** Whether a version goes by this name: the whole of it, or the part before `+`. Pure. */
export function isNamed(version: string | null, asked: string): boolean {
  return version !== null && (version === asked || version.split('+')[0] === asked);
}
