import type { Analysis } from '../analysis.js';
import type { RolloutPlan, RolloutState } from '../rollout.js';
import type { RolloutStep } from '../rollout-spec.js';
import type { Split } from './traffic-splits.js';

/** A rollout or a bake, as it is shown. */
export interface RolloutLook {
  readonly model: string;
  readonly cycle: number;
  readonly kind: 'rollout' | 'bake';
  readonly version: string;
  /** null: nobody answered before. */
  readonly champion: string | null;
  readonly plan: RolloutPlan;
  readonly state: RolloutState;
  /** One line: what it does just now. */
  readonly note: string;
  readonly split: Split | null;
  /** What the last watch ended with. What is seen just now stands in the activity's heartbeat. */
  readonly analysis: Analysis | null;
}

/** What the Temporal UI shows of a rollout or a bake, in Markdown. Pure. */
export function rolloutDetails({ model, cycle, kind, version, champion, plan, state, note, split, analysis }: RolloutLook): string {
  const steps = plan.steps.map((step, index) => `| ${markOf(index, state)} ${stepInWords(step)} | ${step.bakeSeconds} s |`);
  return [
    `**${model}, ${kind} of cycle ${cycle}: ${state.phase}${state.paused ? ', paused' : ''}**`,
    '',
    `${version}${champion === null ? '' : ` after ${champion}`}`,
    ...(kind === 'rollout' && steps.length > 0 ? ['', '| step | at least |', '|---|---|', ...steps] : []),
    '',
    ...(split === null ? [] : [splitInWords(split)]),
    `${state.requestedBy}: ${state.reason}`,
    ...(note === '' ? [] : [note]),
    ...(analysis === null ? [] : ['', ...analysis.reasons.map((reason) => `- ${reason}`)]),
  ].join('\n');
}

/** "canary 10%", "shadow" */
export function stepInWords(step: RolloutStep): string {
  return step.kind === 'canary' ? `canary ${step.weightPercent}%` : step.kind;
}

/** "challenger 10%, champion 90%, copies to challenger" */
export function splitInWords({ splits, mirror }: Split): string {
  const shares = splits.map(({ arm, weightPercent }) => `${arm} ${weightPercent}%`);
  return [...shares, ...(mirror === null ? [] : [`copies to ${mirror.arm}`])].join(', ');
}

function markOf(index: number, { phase, stepIndex }: RolloutState): string {
  if (['Promoting', 'Promoted', 'Baking', 'Baked'].includes(phase) || index < stepIndex) return '✔';
  if (index > stepIndex || phase === 'Preparing') return '·';
  return phase === 'Progressing' ? '▶' : '✘';
}
