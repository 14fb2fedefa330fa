import type { CycleState, StagePhase, StageState } from '../../workflows/messages.js';

const MARK: Record<StagePhase, string> = { Waiting: '·', Running: '▸', Succeeded: '✓', Skipped: '–', Failed: '✗' };
const COLOUR: Record<StagePhase, number> = { Waiting: 90, Running: 36, Succeeded: 32, Skipped: 90, Failed: 31 };

export interface DrawOptions {
  readonly colour: boolean;
  /** Longer lines are cut; 0: never. */
  readonly columns: number;
  readonly nowMs: number;
}

/** A cycle as a tree of its stages: one line a stage, and what it waits for or how it ended. */
export function stageTree(state: CycleState, options: DrawOptions): string[] {
  const lines = [`${state.model} cycle ${state.cycle}${state.asOf ? ` as of ${state.asOf.slice(0, 10)}` : ''}: ${headline(state)}`];
  state.stages.forEach((stage, index) => {
    const branch = index === state.stages.length - 1 ? '└─' : '├─';
    lines.push(
      `${branch} ${paint(`${MARK[stage.phase]} ${stage.stage.padEnd(9)}`, stage.phase, options)}${tail(stage, options.nowMs)}`.trimEnd(),
    );
  });
  for (const reason of state.verdict?.reasons ?? []) lines.push(`   why: ${reason}`);
  if (state.failure) {
    // What a job said comes whole here, and only here.
    lines.push(
      ...`${state.failure.type}: ${state.failure.message}`
        .trimEnd()
        .split('\n')
        .map((line) => `   ${line}`),
    );
    if (state.failure.remedy) lines.push(`   → ${state.failure.remedy}`);
  }
  return options.columns > 0 ? lines.map((line) => cut(line, options.columns)) : lines;
}

/** One line for a stage that changed, for a log. */
export function stageLine(stage: StageState): string {
  const isUnderWay = stage.phase === 'Running' && stage.attempt <= 1;
  return `${MARK[stage.phase]} ${stage.stage.padEnd(9)} ${isUnderWay ? '…' : words(stage)}`.trimEnd();
}

export function isWaitingForPeople(state: CycleState): boolean {
  return state.outcome === null && state.approval !== null && state.approval.outcome === null && state.candidateDigest !== null;
}

function headline(state: CycleState): string {
  if (state.outcome)
    return (
      state.outcome + (state.outcome === 'promoted' && state.version ? ` ${state.version}` : state.reason ? `: ${firstReason(state)}` : '')
    );
  if (isWaitingForPeople(state)) return 'waits for a person to sign';
  return 'running';
}

/** All of them stand below the tree. */
function firstReason({ verdict, reason }: CycleState): string {
  const [first, ...more] = verdict?.reasons ?? [];
  return first !== undefined && reason.startsWith(first)
    ? first + (more.length > 0 ? ` (and ${more.length} more)` : '')
    : firstLine(reason);
}

function tail(stage: StageState, nowMs: number): string {
  const seconds = stage.startedAt ? ((stage.endedAt ? Date.parse(stage.endedAt) : nowMs) - Date.parse(stage.startedAt)) / 1000 : null;
  const time = seconds === null || stage.phase === 'Skipped' ? '' : `${Math.max(0, seconds).toFixed(1)} s`;
  return `${time.padStart(8)}  ${words(stage)}`.trimEnd();
}

function words(stage: StageState): string {
  const attempt = stage.attempt > 1 ? `attempt ${stage.attempt}: ` : '';
  const cited = stage.result?.cited ? ' (cited)' : '';
  return `${attempt}${firstLine(stage.result?.summary ?? stage.note)}${cited}`;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

function paint(text: string, phase: StagePhase, { colour }: DrawOptions): string {
  return colour ? `\u001b[${COLOUR[phase]}m${text}\u001b[0m` : text;
}

/** Cuts to a width, counting no escape codes. */
function cut(line: string, columns: number): string {
  const escapes = [...line.matchAll(/\u001b\[\d+m/g)].reduce((sum, [code]) => sum + code.length, 0);
  return line.length - escapes <= columns ? line : `${line.slice(0, columns + escapes - 1)}…`;
}
