import { RatchetError } from '../failure.js';
import type { LedgerBody, LedgerState } from '../ledger.js';

/**
 * The state of a model after one more record: the whole meaning of the ledger.
 *
 * Pure. It does not judge whether the record was allowed: `refuseRecord` does, before it.
 * @param seq the record's place; the number of the cycle that a `cycle-started` opens.
 * @throws {RatchetError} LedgerBroken: the first record is no `ledger-opened`.
 */
export function foldLedger(before: LedgerState | null, seq: number, body: LedgerBody): LedgerState {
  if (body.kind === 'ledger-opened') return opened(body.owner, body.keyId);
  if (before === null) {
    throw new RatchetError('LedgerBroken', `record ${seq}: expected ledger-opened as the first record, found ${body.kind}`);
  }
  switch (body.kind) {
    case 'owner-changed':
      // A take-over: from here on only the new owner's key signs.
      return { ...before, owner: body.owner, keyIds: [body.keyId] };
    case 'key-added':
      return before.keyIds.includes(body.keyId) ? before : { ...before, keyIds: [...before.keyIds, body.keyId] };
    case 'spec-applied':
      return { ...before, specDigest: body.specDigest, codeDigest: body.codeDigest };
    case 'paused':
      return { ...before, paused: true };
    case 'resumed':
      return { ...before, paused: false };
    case 'serving-paused':
      return { ...before, servingPaused: { requestedBy: body.requestedBy, reason: body.reason } };
    case 'serving-resumed':
      return served(before);
    case 'cycle-started':
      return { ...before, openCycle: seq };
    case 'judged':
      return body.compared ? { ...before, comparisons: before.comparisons + 1 } : before;
    case 'backtested':
      return { ...before, comparisons: before.comparisons + body.comparisons };
    case 'approved':
    case 'monitored':
      return before;
    case 'promoted':
      return promoted(before, body);
    case 'rolled-back':
      return rolledBack(before, body);
    case 'exposed':
      return exposed(before, body);
    case 'withdrawn':
      return withoutExposure(before);
    case 'baked':
      return withoutBake(before);
    case 'cycle-ended':
      return { ...before, openCycle: null };
  }
}

function opened(owner: string, keyId: string): LedgerState {
  return {
    owner,
    generation: 0,
    champion: null,
    previousChampion: null,
    anchor: null,
    openCycle: null,
    comparisons: 0,
    specDigest: null,
    codeDigest: null,
    paused: false,
    keyIds: [keyId],
  };
}

function exposed(before: LedgerState, { cycle, version, weightPercentMax }: Extract<LedgerBody, { kind: 'exposed' }>): LedgerState {
  const soFar = before.exposure?.cycle === cycle ? before.exposure.weightPercentMax : 0;
  return { ...before, exposure: { cycle, version, weightPercentMax: Math.max(soFar, weightPercentMax) } };
}

function withoutExposure({ exposure: _over, ...rest }: LedgerState): LedgerState {
  return rest;
}

function withoutBake({ bake: _over, ...rest }: LedgerState): LedgerState {
  return rest;
}

function served({ servingPaused: _over, ...rest }: LedgerState): LedgerState {
  return rest;
}

function promoted(before: LedgerState, { cycle, version, becomesAnchor, bakes }: Extract<LedgerBody, { kind: 'promoted' }>): LedgerState {
  return {
    ...withoutBake(withoutExposure(before)),
    ...(bakes === true ? { bake: { cycle } } : {}),
    generation: before.generation + 1,
    champion: version,
    previousChampion: before.champion,
    anchor: becomesAnchor ? version : before.anchor,
    comparisons: 0,
  };
}

/**
 * The budget is not refilled: what was spent against the version that is back counts again, beside what was spent since. There
 * is no previous champion afterwards, so nothing turns "back" to what was just turned away from; and what was turned away from
 * is no longer the anchor: the one before it is.
 */
function rolledBack(before: LedgerState, { to, comparisons = 0, anchor = to }: Extract<LedgerBody, { kind: 'rolled-back' }>): LedgerState {
  const wasAnchor = before.anchor !== null && before.anchor.candidateDigest === before.champion?.candidateDigest;
  return {
    ...withoutBake(before),
    generation: before.generation + 1,
    champion: to,
    previousChampion: null,
    comparisons: before.comparisons + comparisons,
    anchor: wasAnchor ? anchor : before.anchor,
  };
}
