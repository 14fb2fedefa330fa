import type { CycleOutcome, LedgerRecord } from '../ledger.js';
import type { Sample } from '../metric-definitions.js';

/** What must be remembered of a ledger's records, for what the last one alone does not say. */
export interface LedgerMemory {
  readonly seq: number;
  readonly after: LedgerRecord['after'];
  readonly openSince: string | null;
  readonly askedSince: string | null;
  readonly championSince: string | null;
}

/** Takes in the next record of a ledger. Pure; `memory` is null before the first. */
export function rememberRecord(memory: LedgerMemory | null, { seq, at, body, after }: LedgerRecord): LedgerMemory {
  const { openSince = null, askedSince = null, championSince = null } = memory ?? {};
  const before = { seq, after, openSince, askedSince, championSince };
  switch (body.kind) {
    case 'cycle-started':
      return { ...before, openSince: at };
    case 'judged':
      return { ...before, askedSince: body.next === 'askPerson' ? at : askedSince };
    case 'approved':
      return { ...before, askedSince: null };
    case 'promoted':
    case 'rolled-back':
      return { ...before, championSince: at };
    case 'cycle-ended':
      return { ...before, openSince: null, askedSince: null };
    default:
      return before;
  }
}

/** What counters and histograms gain by a record. Pure. @param memory of the records before it */
export function countRecord(memory: LedgerMemory | null, record: LedgerRecord): Sample[] {
  const { model, body } = record;
  const counted: Sample = { name: 'ratchet_ledger_records_total', labels: { model, kind: body.kind }, value: 1 };
  return [...(memory === null ? zeros(model) : []), counted, ...countBody(memory, record)];
}

const OUTCOMES = ['promoted', 'rejected', 'inconclusive', 'failed', 'aborted', 'superseded'] as const satisfies readonly CycleOutcome[];

/** What alerts watch is there from the start: of a counter that appears with 1, `increase` does not see the first. */
function zeros(model: string): Sample[] {
  return [
    ...OUTCOMES.map((outcome): Sample => ({ name: 'ratchet_cycles_total', labels: { model, outcome }, value: 0 })),
    ...['withdrawn', 'rolledBack'].flatMap((kind) =>
      ['ratchet', 'person'].map((by): Sample => ({ name: 'ratchet_rollbacks_total', labels: { model, kind, by }, value: 0 })),
    ),
  ];
}

function countBody(memory: LedgerMemory | null, { model, at, body }: LedgerRecord): Sample[] {
  switch (body.kind) {
    case 'cycle-started':
      return [{ name: 'ratchet_cycles_started_total', labels: { model, trigger: body.trigger.kind }, value: 1 }];
    case 'judged':
      return [{ name: 'ratchet_verdicts_total', labels: { model, face: body.face }, value: 1 }];
    case 'promoted':
      return [{ name: 'ratchet_promotions_total', labels: { model }, value: 1 }];
    case 'withdrawn':
    case 'rolled-back':
      return turnedBack(model, body);
    case 'cycle-ended': {
      const labels = { model, outcome: body.outcome };
      const failed = { model, stage: body.stage ?? '', failure: body.failure?.type ?? '' };
      return [
        { name: 'ratchet_cycles_total', labels, value: 1 },
        ...(memory?.openSince == null
          ? []
          : [{ name: 'ratchet_cycle_duration_seconds' as const, labels, value: secondsBetween(memory.openSince, at) }]),
        ...(body.failure === null ? [] : [{ name: 'ratchet_cycle_failures_total' as const, labels: failed, value: 1 }]),
      ];
    }
    default:
      return [];
  }
}

function turnedBack(model: string, body: Extract<LedgerRecord['body'], { kind: 'withdrawn' | 'rolled-back' }>): Sample[] {
  const kind = body.kind === 'withdrawn' ? 'withdrawn' : 'rolledBack';
  const by = body.requestedBy === 'ratchet' ? 'ratchet' : 'person';
  const { decidedAt, trafficBackAt } = body;
  return [
    { name: 'ratchet_rollbacks_total', labels: { model, kind, by }, value: 1 },
    ...(decidedAt === undefined || trafficBackAt == null
      ? []
      : [{ name: 'ratchet_turn_back_duration_seconds' as const, labels: { model }, value: secondsBetween(decidedAt, trafficBackAt) }]),
  ];
}

/** What holds now. Pure. */
export function ledgerGauges(model: string, { after, openSince, askedSince, championSince }: LedgerMemory): Sample[] {
  const { champion, exposure, openCycle } = after;
  const gauges: Sample[] = [
    { name: 'ratchet_cycle_open', labels: { model }, value: openCycle === null ? 0 : 1 },
    { name: 'ratchet_comparisons_since_promotion', labels: { model }, value: after.comparisons },
    { name: 'ratchet_champion_generation', labels: { model }, value: after.generation },
    { name: 'ratchet_bake_open', labels: { model }, value: after.bake === undefined ? 0 : 1 },
    { name: 'ratchet_paused', labels: { model }, value: after.paused ? 1 : 0 },
    { name: 'ratchet_serving_paused', labels: { model }, value: after.servingPaused === undefined ? 0 : 1 },
  ];
  if (openSince !== null) gauges.push({ name: 'ratchet_cycle_started_timestamp_seconds', labels: { model }, value: seconds(openSince) });
  if (askedSince !== null) gauges.push({ name: 'ratchet_approval_asked_timestamp_seconds', labels: { model }, value: seconds(askedSince) });
  if (champion !== null && championSince !== null) {
    const labels = { model, version: champion.version };
    gauges.push({ name: 'ratchet_champion_promoted_timestamp_seconds', labels, value: seconds(championSince) });
  }
  if (exposure !== undefined)
    gauges.push({ name: 'ratchet_rollout_weight_percent_max', labels: { model }, value: exposure.weightPercentMax });
  return gauges;
}

function seconds(time: string): number {
  return Date.parse(time) / 1000;
}

/** Never negative: clocks of two machines may disagree. */
function secondsBetween(from: string, to: string): number {
  return Math.max(0, seconds(to) - seconds(from));
}
