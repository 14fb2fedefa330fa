import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { records } from './kill-point.js';
import { MODEL, type QuickStack } from './quick-stack.js';

const LINES = 25;

/** What a stack was at when a test gave up on it: its ledger, what its workflows wait for, the last lines of its logs. */
export async function tellStack(stack: QuickStack): Promise<string> {
  const kinds = records(stack.home.storeFolder).map(({ seq, body }) => `${seq} ${body.kind}`);
  const waits = await waitsOf(stack).catch((error: unknown) => [`Temporal: ${String(error)}`]);
  return [`ledger: ${kinds.join(', ')}`, ...waits, ...logsOf(stack)].join('\n');
}

async function waitsOf(stack: QuickStack): Promise<string[]> {
  const client = await stack.client();
  const lines: string[] = [];
  for await (const { workflowId, type } of client.workflow.list({ query: "ExecutionStatus = 'Running'" })) {
    const { raw } = await client.workflow.getHandle(workflowId).describe();
    const waits = (raw.pendingActivities ?? []).map(
      ({ activityType, attempt, lastFailure }) =>
        `${activityType?.name}, attempt ${attempt}${lastFailure ? `, after: ${lastFailure.message}` : ''}`,
    );
    lines.push(`${type} ${workflowId}: ${waits.join('; ') || 'waits for no activity'}`);
  }
  return lines;
}

function logsOf({ home }: QuickStack): string[] {
  const jobs = readdirSync(home.jobsFolder).filter((name) => name.startsWith(MODEL));
  const files = [
    ...readdirSync(home.logsFolder).map((name) => join(home.logsFolder, name)),
    ...jobs.flatMap((job) => ['log', 'supervisor.log'].map((name) => join(home.jobsFolder, job, name))),
  ];
  return files.flatMap((file) => {
    const text = readIfThere(file).trimEnd();
    return text === '' ? [] : [`--- ${file}`, ...text.split('\n').slice(-LINES)];
  });
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
