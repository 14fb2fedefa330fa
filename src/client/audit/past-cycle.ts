import type { z } from 'zod';
import type { Digest } from '../../domain/digest.js';
import { parseEvidence } from '../../domain/document.js';
import type { Evidence, Stage } from '../../domain/evidence.js';
import { RatchetError } from '../../domain/failure.js';
import { parseRecord, recordKey } from '../../domain/ledger-file.js';
import type { LedgerBody, LedgerKind, LedgerRecord, LedgerState } from '../../domain/ledger.js';
import type { ObjectStore } from '../../ports/object-store.js';
import { readLedger } from './read-ledger.js';

type Body<K extends LedgerKind> = Extract<LedgerBody, { kind: K }>;

/** A cycle as its records tell it. */
export interface PastCycle {
  readonly cycle: number;
  readonly started: Body<'cycle-started'>;
  /** What held when it started: the champion, the anchor and the budget that it is judged by. */
  readonly baseline: LedgerState;
  readonly judged: Body<'judged'> | null;
  readonly approved: Body<'approved'> | null;
  readonly promoted: Body<'promoted'> | null;
  /** null: it is open, or was when the ledger was read. */
  readonly ended: Body<'cycle-ended'> | null;
  /** Policies that were tried before the next cycle started, on the champion that this cycle left. */
  readonly backtested: readonly Body<'backtested'>[];
}

/** All cycles of a model, oldest first. Signatures are not checked here. @throws {RatchetError} LedgerBroken */
export async function* readCycles(store: ObjectStore, model: string): AsyncGenerator<PastCycle> {
  let open: PastCycle | null = null;
  for await (const { seq, body, after } of recordsFrom(store, model, 1)) {
    if (body.kind === 'cycle-started') {
      if (open !== null) yield open;
      open = startOf(seq, body, after);
    } else if (open !== null) {
      open = withRecord(open, body);
    }
  }
  if (open !== null) yield open;
}

/** One cycle, from its first record to its last. @throws {RatchetError} CycleUnknown, LedgerBroken */
export async function readCycle(store: ObjectStore, model: string, cycle: number): Promise<PastCycle> {
  let found: PastCycle | null = null;
  for await (const { seq, body, after } of recordsFrom(store, model, cycle)) {
    if (found === null && body.kind !== 'cycle-started') break;
    if (body.kind !== 'cycle-started') found = withRecord(found!, body);
    else if (found === null) found = startOf(seq, body, after);
    else break;
    if (found.ended !== null) break;
  }
  if (found !== null && found.cycle === cycle) return found;
  throw new RatchetError('CycleUnknown', `${model} has no cycle ${cycle}: record ${cycle} of its ledger starts none`, {
    remedy: `\`ratchet history ${model}\` shows the numbers of its cycles`,
  });
}

/** The body of a stage's evidence. @throws {RatchetError} EvidenceMissing, EvidenceCorrupt */
export async function readEvidence<T>(
  store: ObjectStore,
  stage: Stage,
  schema: z.ZodType<T>,
  digest: Digest,
): Promise<{ evidence: Evidence; body: T }> {
  return parseEvidence(schema, stage, digest, await store.getByDigest(digest));
}

/** The records of a model in order, from `first` on. @throws {RatchetError} LedgerBroken: one is missing */
export async function* recordsFrom(store: ObjectStore, model: string, first: number): AsyncGenerator<LedgerRecord> {
  const parse = async (seq: number, bytes: Uint8Array) => parseRecord(recordKey(model, seq), bytes).record;
  for await (const batch of readLedger(store, model, parse, { first })) {
    for (const { seq, found } of batch) {
      if (found === null)
        throw new RatchetError('LedgerBroken', `${recordKey(model, seq)}: expected a record, found nothing`, {
          remedy: 'run `ratchet audit verify`',
        });
      yield found;
    }
  }
}

function startOf(cycle: number, started: Body<'cycle-started'>, baseline: LedgerState): PastCycle {
  return { cycle, started, baseline, judged: null, approved: null, promoted: null, ended: null, backtested: [] };
}

function withRecord(past: PastCycle, body: LedgerBody): PastCycle {
  if (body.kind === 'backtested') return { ...past, backtested: [...past.backtested, body] };
  if (!('cycle' in body) || body.cycle !== past.cycle) return past;
  switch (body.kind) {
    case 'judged':
      return { ...past, judged: body };
    case 'approved':
      return { ...past, approved: body };
    case 'promoted':
      return { ...past, promoted: body, backtested: [] };
    case 'cycle-ended':
      return { ...past, ended: body };
    case 'exposed':
    case 'withdrawn':
    case 'baked':
      return past; // of the rollout, not of the judgement
  }
}
