import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { ApprovalState } from '../domain/approval.js';
import { cycleDetails } from '../domain/decide/cycle-details.js';
import { planStages } from '../domain/decide/plan-stages.js';
import type { Digest } from '../domain/digest.js';
import type { Stage, StageResult } from '../domain/evidence.js';
import type { Failure } from '../domain/failure.js';
import type { CycleOutcome } from '../domain/ledger.js';
import type { CycleState, StageState } from './messages.js';
import { RatchetModel, RatchetStage, RatchetTrigger, RatchetVerdict } from './search-attributes.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export type CycleProgress = ReturnType<typeof createCycleProgress>;

/** Keeps the state of a cycle that people see: the query, the current details, the search attributes. Decides nothing. */
export function createCycleProgress(model: string, cycle: number) {
  const state: Mutable<CycleState> & { stages: StageState[] } = {
    model,
    cycle,
    asOf: null,
    stages: planStages({ refit: false }).map(waiting),
    verdict: null,
    candidateDigest: null,
    version: null,
    approval: null,
    outcome: null,
    reason: '',
    failure: null,
  };
  let searchAttributes = false;
  return { state, opened, begin, attempt, heard, finish, done, skip, fail, judged, registered, approval, ended, evidence, currentStage };

  function opened(request: { asOf: string; refit: boolean; triggerKind: string; searchAttributes: boolean }): void {
    state.asOf = request.asOf;
    state.stages = planStages(request).map(waiting);
    searchAttributes = request.searchAttributes;
    if (searchAttributes) {
      upsertSearchAttributes([
        { key: RatchetModel, value: model },
        { key: RatchetTrigger, value: request.triggerKind },
      ]);
    }
    show();
  }

  function begin(stage: Stage, note: string): void {
    update(stage, { phase: 'Running', attempt: 1, startedAt: now(), note });
    if (searchAttributes) upsertSearchAttributes([{ key: RatchetStage, value: stage }]);
  }

  function attempt(stage: Stage, number: number, note: string): void {
    update(stage, { attempt: number, note });
  }

  /** What its job says of itself; what comes late is no news. */
  function heard(stage: Stage, number: number, words: string): void {
    const running = state.stages.find((current) => current.stage === stage);
    if (running?.phase === 'Running' && running.attempt === number) update(stage, { note: words });
  }

  function finish(result: StageResult): void {
    const { stage, evidenceDigest, summary, cited } = result;
    update(stage, {
      phase: 'Succeeded',
      endedAt: now(),
      result: { stage, evidenceDigest, summary, cited },
      note: cited ? `${summary} (from the retried cycle)` : summary,
    });
  }

  /** Done, without a document of its own: the ledger has it. */
  function done(stage: Stage, note: string): void {
    update(stage, { phase: 'Succeeded', endedAt: now(), note });
  }

  /** There was nothing to do. */
  function skip(stage: Stage, note: string): void {
    update(stage, { phase: 'Skipped', endedAt: now(), note });
  }

  function fail(stage: Stage, note: string): void {
    update(stage, { phase: 'Failed', endedAt: now(), note });
  }

  function judged(verdict: NonNullable<CycleState['verdict']>): void {
    state.verdict = { face: verdict.face, next: verdict.next, reasons: verdict.reasons };
    if (searchAttributes) upsertSearchAttributes([{ key: RatchetVerdict, value: verdict.face }]);
    show();
  }

  function registered(candidateDigest: Digest, version: string): void {
    state.candidateDigest = candidateDigest;
    state.version = version;
    show();
  }

  function approval(next: ApprovalState): void {
    state.approval = next;
    show();
  }

  function ended(outcome: CycleOutcome, reason: string, failure: Failure | null): void {
    state.outcome = outcome;
    state.reason = reason;
    state.failure = failure;
    show();
  }

  function evidence(): Partial<Record<Stage, Digest>> {
    return Object.fromEntries(
      state.stages.filter((stage) => stage.result !== null).map((stage) => [stage.stage, stage.result!.evidenceDigest]),
    );
  }

  function currentStage(): Stage | null {
    return state.stages.find((stage) => stage.phase === 'Running' || stage.phase === 'Failed')?.stage ?? null;
  }

  function update(stage: Stage, change: Partial<StageState>): void {
    state.stages = state.stages.map((current) => (current.stage === stage ? { ...current, ...change } : current));
    show();
  }

  function show(): void {
    const title = `${model}, cycle ${cycle}${state.asOf === null ? '' : `, as of ${state.asOf.slice(0, 10)}`}`;
    // Why the judge stopped it stands below the table, sentence by sentence.
    const stages = state.stages.map((stage) =>
      stage.phase === 'Failed' && stage.result ? { ...stage, note: stage.result.summary } : stage,
    );
    setCurrentDetails(cycleDetails({ title, stages, closing: closingWords() }));
  }

  function closingWords(): string {
    if (state.outcome !== null)
      return `**${state.outcome}**: ${reasonsOf(state)}${state.failure === null ? '' : ` ${state.failure.remedy}`}`;
    if (state.approval !== null && state.approval.outcome === null) {
      return `Waiting for people to sign \`${state.approval.candidateDigest}\`: ${state.approval.votes.length} approvals so far. \`ratchet approve ${model} --as <name>\``;
    }
    return '';
  }
}

/** Several reasons of the judge are a list. */
function reasonsOf({ reason, verdict }: CycleState): string {
  const reasons = verdict?.reasons ?? [];
  return reasons.length > 1 && reason === reasons.join('; ') ? ['', '', ...reasons.map((line) => `- ${line}`)].join('\n') : reason;
}

function waiting(stage: Stage): StageState {
  return { stage, phase: 'Waiting', attempt: 0, startedAt: null, endedAt: null, result: null, note: '' };
}

function now(): string {
  return new Date().toISOString();
}
