import type { CycleOutcome, LedgerRecord } from '../domain/ledger.js';
import type { Digest } from '../domain/digest.js';
import type { Stage } from '../domain/evidence.js';

/** A cycle as the ledger tells it. */
export interface CycleSummary {
  readonly cycle: number;
  readonly asOf: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly trigger: {
    readonly kind: string;
    readonly key: string;
    readonly requestedBy: string;
    readonly retryOf: number | null;
    readonly commit: string | null;
    /** null: the trainer of the model file. */
    readonly recipe: 'recalibrate' | null;
  };
  readonly face: string | null;
  /** null while it is open. */
  readonly outcome: CycleOutcome | null;
  readonly stage: Stage | null;
  readonly reason: string;
  /** What the judge said, sentence by sentence. */
  readonly reasons: readonly string[];
  readonly signers: readonly string[];
  readonly version: string | null;
  /** What became of its version's traffic; null: it never had any by degrees, and was not turned back. */
  readonly traffic: 'exposed' | 'withdrawn' | 'bakes' | 'baked' | 'turnedBack' | null;
  readonly evidence: Readonly<Partial<Record<Stage, Digest>>>;
}

/** All cycles of a ledger, oldest first. Pure. */
export function summarizeCycles(records: readonly LedgerRecord[]): CycleSummary[] {
  const cycles = new Map<number, CycleSummary>();
  let champion: number | undefined;
  for (const record of records) {
    const { body } = record;
    if (body.kind === 'cycle-started') cycles.set(record.seq, begun(record, body));
    // A rollback names where it leads to: it is told of the cycle whose version was turned away.
    const about = body.kind === 'rolled-back' ? champion : 'cycle' in body ? body.cycle : undefined;
    const before = about === undefined ? undefined : cycles.get(about);
    if (before) cycles.set(before.cycle, { ...before, ...said(record) });
    champion = record.after.champion?.cycle;
  }
  return [...cycles.values()];
}

type Started = Extract<LedgerRecord['body'], { kind: 'cycle-started' }>;

function begun({ seq, at }: LedgerRecord, { asOf, trigger, cites }: Started): CycleSummary {
  const { kind, key, requestedBy, retryOf, commit, recipe } = trigger;
  const unknown = {
    endedAt: null,
    face: null,
    outcome: null,
    stage: null,
    reason: '',
    reasons: [],
    signers: [],
    version: null,
    traffic: null,
  };
  return {
    cycle: seq,
    asOf,
    startedAt: at,
    trigger: { kind, key, requestedBy, retryOf: retryOf ?? null, commit: commit ?? null, recipe: recipe ?? null },
    ...unknown,
    evidence: cites,
  };
}

function said({ at, body }: LedgerRecord): Partial<CycleSummary> {
  switch (body.kind) {
    case 'judged':
      return { face: body.face, reasons: body.reasons };
    case 'approved':
      return { signers: body.votes.map((vote) => `${vote.signer} (${vote.decision})`) };
    case 'promoted':
      return { version: body.version.version, traffic: body.bakes === true ? 'bakes' : null };
    case 'exposed':
      return { version: body.version.version, traffic: 'exposed' };
    case 'withdrawn':
      return { traffic: 'withdrawn' };
    case 'baked':
      return { traffic: 'baked' };
    case 'rolled-back':
      return { traffic: 'turnedBack', reason: body.reason };
    case 'cycle-ended':
      return { endedAt: at, outcome: body.outcome, stage: body.stage, reason: body.reason, evidence: body.evidence };
    default:
      return {};
  }
}
