import type { LedgerBody, LedgerState } from '../ledger.js';

/** A record as the rules see it: what it says, where it stands, who signed it. */
export interface ProposedRecord {
  readonly seq: number;
  readonly key: string;
  readonly body: LedgerBody;
  /** The id of the key that signs it. */
  readonly keyId: string;
}

/**
 * Why this record may not follow that state; null where it may. The same rules guard an append and an audit.
 *
 * Pure. One sentence: what was expected and what was found.
 * - The first record, and only it, is `ledger-opened`.
 * - A key ends with the kind; a cycle's records start with its number, a `cycle-started` with its trigger's key.
 * - A record is signed by a key that the ledger admits. Two kinds bring their own key with them: `ledger-opened` and
 *   `owner-changed` (a take-over: nobody who could vouch may be left). A `key-added` is vouched for by an admitted key.
 * - One cycle at a time, and only the open one is judged, approved, exposed, promoted and ended.
 * - Nothing new gets traffic while the champion bakes, and no cycle ends while its version may have traffic.
 */
export function refuseRecord(before: LedgerState | null, record: ProposedRecord): string | null {
  return (
    refuseKey(record) ??
    refuseOrder(before, record) ??
    (before === null ? null : refuseBody(before, record.body)) ??
    refuseSigner(before, record)
  );
}

function refuseKey({ key, body }: ProposedRecord): string | null {
  const suffix = `/${body.kind}`;
  if (!key.endsWith(suffix) || key.length === suffix.length) return `expected a key that ends with ${suffix}, found "${key}"`;
  if (body.kind === 'cycle-started' && key !== `${body.trigger.key}${suffix}`) {
    return `expected the key "${body.trigger.key}${suffix}" after its trigger, found "${key}"`;
  }
  if ('cycle' in body && !key.startsWith(`${body.cycle}/`)) return `expected a key that starts with "${body.cycle}/", found "${key}"`;
  return null;
}

function refuseOrder(before: LedgerState | null, { seq, body }: ProposedRecord): string | null {
  const first = body.kind === 'ledger-opened';
  if (before === null) return first && seq === 1 ? null : `expected ledger-opened as record 1, found ${body.kind} as record ${seq}`;
  return first ? `expected ledger-opened only as record 1, found it as record ${seq}` : null;
}

function refuseBody(before: LedgerState, body: LedgerBody): string | null {
  switch (body.kind) {
    case 'owner-changed':
      return body.from === before.owner ? null : `expected a take-over from the owner ${before.owner}, found one from ${body.from}`;
    case 'cycle-started':
      return before.openCycle === null ? null : `expected no open cycle, found cycle ${before.openCycle} open`;
    case 'judged':
    case 'approved':
    case 'withdrawn':
      return refuseCycle(before, body.cycle);
    case 'cycle-ended':
      return refuseCycle(before, body.cycle) ?? refuseExposed(before);
    case 'exposed':
    case 'promoted':
      if (body.version.cycle !== body.cycle) return `expected a version of cycle ${body.cycle}, found one of cycle ${body.version.cycle}`;
      return refuseCycle(before, body.cycle) ?? refuseBaking(before);
    case 'baked':
      return before.bake?.cycle === body.cycle
        ? null
        : `expected the version of cycle ${body.cycle} to bake, found ${before.bake === undefined ? 'none' : `that of cycle ${before.bake.cycle}`}`;
    case 'rolled-back':
      return refuseRollback(before, body.to.candidateDigest);
    default:
      return null;
  }
}

function refuseCycle(before: LedgerState, cycle: number): string | null {
  if (before.openCycle === cycle) return null;
  return `expected cycle ${cycle} to be open, found ${before.openCycle === null ? 'none open' : `cycle ${before.openCycle} open`}`;
}

function refuseExposed({ exposure }: LedgerState): string | null {
  return exposure === undefined ? null : `expected no version with traffic, found ${exposure.version.version}: it is withdrawn first`;
}

function refuseBaking({ bake }: LedgerState): string | null {
  return bake === undefined ? null : `expected the champion of cycle ${bake.cycle} to have baked, found it baking`;
}

function refuseRollback(before: LedgerState, to: string): string | null {
  if (before.champion === null) return 'expected a champion to turn back from, found none';
  return before.champion.candidateDigest === to
    ? `expected another version than the champion ${before.champion.version}, found the same`
    : null;
}

function refuseSigner(before: LedgerState | null, { body, keyId }: ProposedRecord): string | null {
  if (body.kind === 'ledger-opened' || body.kind === 'owner-changed') {
    return body.keyId === keyId ? null : `expected the signature of the key that it brings, ${body.keyId}, found ${keyId}`;
  }
  if (before === null || before.keyIds.includes(keyId)) return null;
  return `expected the signature of a key that the ledger admits (${before.keyIds.join(', ')}), found ${keyId}`;
}
