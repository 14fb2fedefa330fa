import { canonicalJson } from '../domain/digest.js';
import { RatchetError, type FailureType } from '../domain/failure.js';
import type { FiledRecord } from '../domain/ledger-file.js';
import type { AppendRequest } from '../domain/ledger-wish.js';
import type { LedgerState } from '../domain/ledger.js';

export function refused({ model, key }: AppendRequest, reason: string, type: FailureType): RatchetError {
  return new RatchetError(type, `ledger of ${model}, record ${key}: ${reason}`, {
    remedy: 'somebody else wrote meanwhile; look at `ratchet history` and decide again',
  });
}

export function ownerConflict(model: string, state: LedgerState, reason: string): RatchetError {
  return new RatchetError('OwnerConflict', `ledger of ${model}: ${reason}`, {
    remedy: `if ${state.owner} is gone for good, take its models over with \`ratchet adopt ${model}\`; if it runs, use another store`,
  });
}

export function bodyConflict({ record }: FiledRecord, wish: AppendRequest, path: string): RatchetError {
  return new RatchetError(
    'LedgerConflict',
    `ledger of ${wish.model}, record ${wish.key}: record ${record.seq} has this key and another ${path}`,
    {
      remedy: 'the same wish was asked with two meanings; the ledger keeps the first',
      detail: `recorded: ${canonicalJson(record.body)}\nasked: ${canonicalJson(wish.body)}`,
    },
  );
}

export function strangeKey(model: string, state: LedgerState, ours: string): RatchetError {
  return new RatchetError(
    'OwnerConflict',
    `ledger of ${model}: expected a key that it admits (${state.keyIds.join(', ')}), found ours: ${ours}`,
    {
      remedy: `put the key file back, or sign with the new one from now on: \`ratchet adopt ${model}\``,
    },
  );
}

export function cycleOver({ record }: FiledRecord, wish: AppendRequest, outcome: string | null): RatchetError {
  return new RatchetError(
    'LedgerConflict',
    `ledger of ${wish.model}: the trigger "${wish.key}" already had its cycle ${record.seq}, which is over: ${outcome ?? 'it does not say how'}`,
    {
      remedy: 'a cycle runs once; ask with another trigger key, or `ratchet retry` for a failed one',
    },
  );
}
