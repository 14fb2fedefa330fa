import { hasEnded, refuseCommand } from '../../domain/decide/advance-rollout.js';
import { COMMANDS } from '../../domain/decide/read-command.js';
import type { Analysis } from '../../domain/analysis.js';
import type { CommandName, RolloutPlan, RolloutState } from '../../domain/rollout.js';
import { bakeSecondsOf } from '../../domain/decide/step-times.js';
import type { RolloutStep } from '../../domain/rollout-spec.js';
import type { RolloutView } from '../../workflows/messages.js';
import { durationWords } from './duration.js';
import { phaseWords } from './phase-words.js';
import { facts, table } from './table.js';
import { splitWords } from './traffic-sentence.js';
import { oneLine } from './visible.js';

/** A rollout or a bake for people: where it stands, its steps, the split, what was seen, and what they can do. Pure. */
export function rolloutCard(view: RolloutView): string[] {
  const { model, cycle, kind, version, champion, state, note, since, plan } = view;
  const lines = [
    `${model} cycle ${cycle}, ${kind}: ${phaseWords(state)}`,
    ...facts([
      ['  version', version],
      ['  instead of', champion ?? 'nobody: nothing answered before'],
      ['  because', `${state.reason} (${state.requestedBy}, ${since})`],
      ['  now', note],
      ['  split', splitWords(view)],
    ]),
    '',
    ...indent(stepTable(plan, state, kind)),
  ];
  if (view.analysis !== null) lines.push('', ...analysisLines(view.analysis));
  const possible = possibleCommands(view);
  if (possible.length > 0) lines.push('', 'a person can', ...indent(possible));
  return lines;
}

/** One line for a log: tells apart what a person wants to know of. Pure. */
export function rolloutLine({ model, cycle, kind, plan, state, analysis }: RolloutView): string {
  const at = state.phase === 'Progressing' ? `, step ${state.stepIndex + 1} of ${plan.steps.length}` : '';
  const seen = analysis === null ? '' : ` (seen: ${analysis.phase})`;
  return oneLine(`${model} cycle ${cycle}, ${kind}: ${phaseWords(state)}${at}: ${state.reason}${seen}`);
}

function stepTable({ steps, bake }: RolloutPlan, state: RolloutState, kind: RolloutView['kind']): string[] {
  const last = bake && bake.compare === 'holdback' ? 100 - bake.holdbackPercent : 100;
  const rows = steps.map((step, index) => [
    index + 1,
    step.kind,
    weightOf(step, last),
    durationWords(step.bakeSeconds),
    durationWords(bakeSecondsOf(step).bakeSecondsMax),
    kind === 'bake' ? 'done' : stepWords(state, index),
  ]);
  if (bake !== null) {
    const compared = { holdback: `${last}%`, mirror: '100%, copies to the one before', none: '100%, compared with nothing' }[bake.compare];
    rows.push(['', 'bake', compared, durationWords(bake.seconds), '', kind === 'bake' ? bakeWords(state) : 'waiting']);
  }
  return table(['STEP', 'KIND', 'CHALLENGER', 'AT LEAST', 'AT MOST', 'STATE'], rows);
}

function weightOf(step: RolloutStep, last: number): string {
  switch (step.kind) {
    case 'shadow':
      return 'copies';
    case 'canary':
      return `${step.weightPercent}%`;
    case 'full':
      return `${last}%`;
  }
}

function stepWords({ phase, stepIndex, isStepDone }: RolloutState, index: number): string {
  if (phase === 'Promoting' || phase === 'Promoted' || index < stepIndex) return 'done';
  if (index > stepIndex || phase === 'Preparing') return 'waiting';
  if (phase === 'TurningBack' || phase === 'TurnedBack') return 'turned back here';
  return isStepDone ? 'passed, waits for resume' : 'current';
}

function bakeWords({ phase }: RolloutState): string {
  if (phase === 'Baked') return 'done';
  return phase === 'TurningBack' || phase === 'TurnedBack' ? 'turned back here' : 'current';
}

function analysisLines({ phase, reasons, metrics, windows, units }: Analysis): string[] {
  const counted = Object.entries(units).map(([arm, count]) => `${arm} ${count.toLocaleString('en')}`);
  const seen = `${windows} windows${counted.length > 0 ? `: ${counted.join(', ')}` : ''}`;
  const rows = metrics.map(({ metric, kind, phase: said, reason }) => [`${metric} ${kind}`, said, reason]);
  return [
    `last analysis: ${phase}, from ${seen}`,
    ...indent(reasons),
    ...(rows.length > 0 ? indent(table(['METRIC', 'SAYS', 'WHY'], rows)) : []),
  ];
}

/** As they are typed; only those that would be obeyed. */
function possibleCommands({ model, state }: RolloutView): string[] {
  if (hasEnded(state)) return [];
  return COMMANDS.filter((command) => refuseCommand(state, { command, requestedBy: '', reason: '' }) === null).map((command) =>
    commandLine(model, command),
  );
}

export function commandLine(model: string, command: CommandName): string {
  if (command === 'rollback') return `ratchet rollback ${model} --as <you>`;
  return `ratchet rollout ${command} ${model}${command === 'promote' ? ' --full' : ''} --as <you>`;
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
