import { versionBefore } from '../domain/version-before.js';
import { RatchetError } from '../domain/failure.js';
import type { LedgerRecord } from '../domain/ledger.js';

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
    const before = versionBefore(records);
    if (before !== undefined) return before.version;
    throw new RatchetError('RequestRefused', `there is no version before ${champion.version}, the champion of ${model}`, { remedy });
  }
  if (isNamed(champion.version, asked))
    throw new RatchetError('RequestRefused', `${champion.version} is the champion of ${model} already`, { remedy });
  const found = former.find((version) => isNamed(version, asked));
  if (found === undefined)
    throw new RatchetError('RequestRefused', `--to: expected a version of ${model} that was champion, found "${asked}"`, { remedy });
  return found;
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
