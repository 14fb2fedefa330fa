import type { EvaluateOutput } from '../../domain/stage-jobs.js';
import type { Verdict } from '../../domain/verdict.js';
import type { CycleState } from '../../workflows/messages.js';
import { table } from './table.js';

/** What a person sees before signing: the candidate, why they are asked, every gate with its numbers, every arm. */
export function candidateCard(state: CycleState, verdict: Verdict | null, evaluation: EvaluateOutput | null): string[] {
  const lines = [
    `candidate ${state.candidateDigest ?? 'not made yet'}`,
    `  model    ${state.model}, cycle ${state.cycle}${state.asOf ? `, data up to ${state.asOf.slice(0, 10)}` : ''}`,
    `  version  ${state.version ?? '-'}`,
  ];
  const reasons = verdict?.reasons ?? state.verdict?.reasons ?? [];
  if (reasons.length > 0) lines.push('', 'why a person is asked', ...reasons.map((reason) => `  ${reason}`));
  lines.push('', ...evaluationLines(verdict, evaluation));
  lines.push(
    'evidence',
    ...state.stages.filter((stage) => stage.result).map((stage) => `  ${stage.stage.padEnd(9)} ${stage.result!.evidenceDigest}`),
  );
  return lines;
}

/** The numbers: every arm on the holdout, every gate with its sentence, what was noted. Ends in an empty line. */
export function evaluationLines(verdict: Verdict | null, evaluation: EvaluateOutput | null): string[] {
  const lines: string[] = [];
  if (evaluation)
    lines.push(
      `on ${evaluation.rows.toLocaleString('en')} rows, ${day(evaluation.holdout.start)} to ${day(evaluation.holdout.end)}`,
      ...indent(armsTable(evaluation)),
      '',
    );
  if (verdict && verdict.gates.length > 0) lines.push('gates', ...indent(gatesTable(verdict)), '');
  if (verdict && verdict.notes.length > 0) lines.push('notes', ...verdict.notes.map((note) => `  ${note}`), '');
  return lines;
}

function armsTable({ arms }: EvaluateOutput): string[] {
  const rows = Object.entries(arms).flatMap(([name, arm]) =>
    arm
      ? [
          [
            name,
            fixed(arm.metrics.auc),
            fixed(arm.metrics.logLoss),
            fixed(arm.metrics.brier),
            fixed(arm.calibration.meanPrediction - arm.calibration.rate),
          ],
        ]
      : [],
  );
  return table(['arm', 'AUC', 'log-loss', 'Brier', 'mean prediction − rate'], rows);
}

function gatesTable(verdict: Verdict): string[] {
  return table(
    ['gate', 'verdict', 'reason'],
    verdict.gates.map((gate) => [gate.gate, gate.face, gate.reason]),
  );
}

function fixed(value: number | null): string | null {
  return value === null ? null : value.toFixed(4);
}

function day(time: string): string {
  return time.slice(0, 10);
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
