import type { Stage } from '../evidence.js';

export interface StageLine {
  readonly stage: Stage;
  readonly phase: string;
  readonly attempt: number;
  readonly note: string;
}

const MARK: Record<string, string> = { Waiting: '·', Running: '▶', Succeeded: '✔', Skipped: '–', Failed: '✘' };

/** The stage table that the Temporal UI shows as the workflow's current details, in Markdown. Pure. */
export function cycleDetails({ title, stages, closing }: { title: string; stages: readonly StageLine[]; closing: string }): string {
  const rows = stages.map(
    ({ stage, phase, attempt, note }) =>
      `| ${MARK[phase] ?? ''} ${stage} | ${attempt > 1 ? `attempt ${attempt}: ` : ''}${note.replaceAll('|', '/').replaceAll('\n', ' ')} |`,
  );
  return [`**${title}**`, '', '| stage | |', '|---|---|', ...rows, ...(closing === '' ? [] : ['', closing])].join('\n');
}
