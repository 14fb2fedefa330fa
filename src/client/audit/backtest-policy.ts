import { judgeCycle } from '../../domain/decide/judge-cycle.js';
import { digestOf, type Digest } from '../../domain/digest.js';
import { parseDocument } from '../../domain/document.js';
import { RatchetError } from '../../domain/failure.js';
import type { CycleOutcome } from '../../domain/ledger.js';
import { ModelSpec } from '../../domain/model-spec.js';
import { policyDigestOf } from '../../domain/policy.js';
import { EvaluateOutput } from '../../domain/stage-jobs.js';
import { Verdict } from '../../domain/verdict.js';
import type { ObjectStore } from '../../ports/object-store.js';
import { readCycles, readEvidence, type PastCycle } from './past-cycle.js';

/** One past cycle under the new policy. */
export interface BacktestedCycle {
  readonly cycle: number;
  readonly asOf: string;
  /** null: it is still open. */
  readonly outcome: CycleOutcome | null;
  readonly recorded: Pick<Verdict, 'face' | 'next'>;
  readonly recomputed: Verdict;
  /** The loop would have done something else. */
  readonly changed: boolean;
  /** An earlier cycle came out otherwise, so this one might have met another champion. */
  readonly isAfterChange: boolean;
  readonly sentence: string;
}

export interface Backtest {
  readonly model: string;
  readonly policyDigest: Digest;
  readonly cycles: readonly BacktestedCycle[];
  /** Cycles that could not be judged again, and why. */
  readonly skipped: readonly { readonly cycle: number; readonly reason: string }[];
  /**
   * What this look costs: comparisons with the champion in force that this policy made and that are not yet counted. Goes
   * into a `backtested` record, since trying policies until one promotes is looking often, too.
   */
  readonly comparisons: number;
  /** For people: what would have changed, and what this cannot tell. */
  readonly sentences: readonly string[];
}

/**
 * Judges all past cycles by a new policy, each against the champion, the anchor and the budget that it met. Nothing is
 * written. Pure judgement over stored evidence: what the old evaluations did not measure is `no-data`, not a guess.
 *
 * @throws {RatchetError} InputInvalid: the spec is another model's. ModelUnknown: there are no cycles. LedgerBroken.
 */
export async function backtestPolicy(store: ObjectStore, model: string, spec: ModelSpec): Promise<Backtest> {
  if (spec.metadata.name !== model) throw new RatchetError('InputInvalid', `metadata.name: expected ${model}, found ${spec.metadata.name}`);
  const policyDigest = policyDigestOf(spec);
  const cycles: BacktestedCycle[] = [];
  const skipped: Backtest['skipped'][number][] = [];
  const budget = { looked: 0, counted: 0 };
  let oldEvaluation = false;
  let seen = 0;
  for await (const past of readCycles(store, model)) {
    seen++;
    const judged = await judgeAgain(store, spec, past);
    if ('reason' in judged) {
      skipped.push({ cycle: past.cycle, reason: judged.reason });
    } else {
      cycles.push(
        toBacktested(
          past,
          judged,
          cycles.some(({ changed }) => changed),
        ),
      );
      oldEvaluation ||= judged.oldEvaluation;
      if (judged.oldPolicy !== policyDigest && judged.recomputed.comparison !== null) budget.looked++;
    }
    // The budget is that of the champion in force: a promotion refills it.
    if (past.promoted !== null) Object.assign(budget, { looked: 0, counted: 0 });
    for (const tried of past.backtested) if (tried.policyDigest === policyDigest) budget.counted += tried.comparisons;
  }
  if (seen === 0) throw new RatchetError('ModelUnknown', `${store.uri}: expected past cycles of ${model}, found none`);
  const comparisons = Math.max(0, budget.looked - budget.counted);
  return { model, policyDigest, cycles, skipped, comparisons, sentences: summary(cycles, skipped.length, comparisons, oldEvaluation) };
}

interface JudgedAgain {
  readonly recorded: Verdict;
  readonly recomputed: Verdict;
  readonly oldPolicy: string;
  /** The evaluation was made by other settings than the new spec's. */
  readonly oldEvaluation: boolean;
}

async function judgeAgain(
  store: ObjectStore,
  spec: ModelSpec,
  { judged, started, baseline }: PastCycle,
): Promise<JudgedAgain | { reason: string }> {
  if (judged === null) return { reason: 'it was never judged' };
  try {
    const { evidence, body: recorded } = await readEvidence(store, 'judge', Verdict, judged.verdictDigest);
    const evaluateDigest = evidence.from.evaluate;
    if (evaluateDigest === undefined) return { reason: 'its verdict names no evaluation' };
    const { body: evaluation } = await readEvidence(store, 'evaluate', EvaluateOutput, evaluateDigest);
    const oldSpec = parseDocument(ModelSpec, 'spec', started.specDigest, await store.getByDigest(started.specDigest));
    const recomputed = judgeCycle({ spec, policyDigest: policyDigestOf(spec), baseline, evaluation });
    const oldEvaluation = digestOf(oldSpec.spec.evaluation) !== digestOf(spec.spec.evaluation);
    return { recorded, recomputed, oldPolicy: recorded.policyDigest, oldEvaluation };
  } catch (error) {
    if (error instanceof RatchetError && (error.type === 'EvidenceMissing' || error.type === 'EvidenceCorrupt'))
      return { reason: error.message };
    throw error;
  }
}

function toBacktested(
  { cycle, started, ended }: PastCycle,
  { recorded, recomputed }: JudgedAgain,
  isAfterChange: boolean,
): BacktestedCycle {
  const changed = recorded.next !== recomputed.next;
  const outcome = ended?.outcome ?? null;
  const before = `cycle ${cycle} (as of ${started.asOf.slice(0, 10)}) ${DONE[recorded.next]}${outcome === null ? '' : ` and ended ${outcome}`}`;
  const why = recomputed.reasons.length === 0 ? '' : `: ${recomputed.reasons.join('; ')}`;
  const sentence = changed ? `${before}; the new policy ${WOULD[recomputed.next]}${why}` : `${before}; the new policy says the same`;
  return {
    cycle,
    asOf: started.asOf,
    outcome,
    recorded: { face: recorded.face, next: recorded.next },
    recomputed,
    changed,
    isAfterChange,
    sentence,
  };
}

const DONE = { proceed: 'was let through', askPerson: 'was put to a person', stop: 'was stopped' } as const;
const WOULD = { proceed: 'lets it through', askPerson: 'asks a person first', stop: 'stops it' } as const;

function summary(cycles: readonly BacktestedCycle[], skipped: number, comparisons: number, oldEvaluation: boolean): string[] {
  const changed = cycles.filter((cycle) => cycle.changed);
  return [
    `${counted(cycles.length, 'judged cycle')}: ${changed.length} would have gone another way`,
    ...changed.map(({ sentence }) => sentence),
    ...(cycles.some(({ isAfterChange }) => isAfterChange)
      ? [`cycles after ${changed[0]!.cycle} met the champion that the old policy made; under the new one it might have been another`]
      : []),
    ...(oldEvaluation
      ? [
          'some evaluations were made by other settings than the new ones (metrics, slices, blocks): what they did not measure counts as no data',
        ]
      : []),
    ...(skipped > 0 ? [`${counted(skipped, 'cycle')} could not be judged again`] : []),
    ...(comparisons > 0
      ? [
          `it looked at ${counted(comparisons, 'comparison')} with the champion in force; each one that is recorded leaves less of alpha for the next`,
        ]
      : []),
  ];
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
