import type { Command } from 'commander';
import { collectGarbage, type GarbageReport } from '../../client/retention/collect-garbage.js';
import { collectJobs, type JobGarbage } from '../../client/retention/collect-jobs.js';
import { tendLogs, type ModelLogs } from '../../client/retention/tend-logs.js';
import type { LogKeeper } from '../../ports/log-keeper.js';
import { openJobLeftovers } from '../../workers/compose/job-leftovers.js';
import { openLogKeeper } from '../../workers/compose/labels.js';
import type { Cli } from '../cli.js';
import { parseModelName } from '../options.js';
import { table } from '../render/table.js';
import { openStore } from '../session.js';

export function addGcCommand(program: Command, cli: Cli): void {
  program
    .command('gc')
    .description(
      'say which data files of snapshots, logged predictions and labels are past the retention of the model file in force, what ended jobs left, and which hours of the logs could be one file; needs nothing but the store, and Python where there are logs; evidence, models and ledger are never touched',
    )
    .argument('[model]', 'name of the model (default: all)', parseModelName)
    .option('--delete', 'delete them')
    .action(async (model: string | undefined, { delete: isDeleting = false }: { delete?: boolean }, command: Command) => {
      const store = openStore(cli, command);
      const asked = { ...(model ? { model } : {}), isDeleting, nowMs: Date.now() };
      const report = await collectGarbage(store, asked);
      const jobs = await collectJobs(store, openJobLeftovers(store, cli.home(command)), asked);
      const open = (): Promise<LogKeeper> => openLogKeeper({ storeUri: store.uri, environment: cli.terminal.environment, tell: cli.tell });
      const logs = await tendLogs(store, open, { ...asked, signal: cli.terminal.interrupted });
      cli.print(command, { ...report, jobs, logs }, () => [
        ...garbageLines(report),
        ...jobLines(jobs),
        ...logs.flatMap((of) => logLines(of, isDeleting)),
      ]);
    });
}

function garbageLines({ deleted, models, datasets, files, bytes }: GarbageReport): string[] {
  const rows = datasets.flatMap(({ model, cycle, startedAt, keptBecause }) => {
    // A file that several cycles share is told with the first of them.
    const own = files.filter(({ usedBy: [first] }) => first?.model === model && first.cycle === cycle);
    if (keptBecause !== null || own.length === 0) return [];
    return [[model, cycle, startedAt.slice(0, 10), own.length, mebibytes(own.reduce((sum, file) => sum + file.bytes, 0))]];
  });
  const kept = models.map(({ model, retention }) => {
    const own = datasets.filter((dataset) => dataset.model === model);
    const rule = retention ? `${retention.snapshotDays} days; newest cycles: ${retention.cyclesMin}` : 'no spec in force: nothing goes';
    return `${model}: ${own.filter(({ keptBecause }) => keptBecause !== null).length} of ${own.length} data sets are kept (${rule})`;
  });
  const total = `${files.length} ${files.length === 1 ? 'file' : 'files'}, ${mebibytes(bytes)} MiB`;
  return [
    ...(rows.length > 0 ? [...table(['MODEL', 'CYCLE', 'STARTED', 'FILES', 'MIB'], rows), ''] : []),
    ...kept,
    deleted ? `deleted: ${total}` : `past retention: ${total}${files.length > 0 ? '; --delete removes them' : ''}`,
  ];
}

function jobLines({ deleted, jobs, checkpoints }: JobGarbage): string[] {
  const goes = deleted ? 'deleted' : 'past retention';
  const lines = [
    `logs and records of jobs: ${goes}: ${jobs.length}`,
    `checkpoints that nobody goes on from: ${goes}: ${checkpoints.length}`,
  ];
  return [...lines, ...checkpoints.map((place) => `  ${place}`)];
}

function logLines({ model, predictions, labels, monitoring, predictionDays, labelDays }: ModelLogs, isDeleting: boolean): string[] {
  const line = (
    name: string,
    days: number,
    { expiredHours, expiredFiles, compactedHours, compactedFiles }: ModelLogs['labels'],
  ): string => {
    const [goes, becomes] = isDeleting ? ['deleted', 'became'] : ['past retention', 'would become'];
    return `${model}, ${name} (${days} days): ${goes}: ${expiredFiles} files of ${expiredHours} hours; ${compactedFiles} files ${becomes} ${compactedHours}`;
  };
  const windows = `${model}, monitored windows (${predictionDays} days): ${isDeleting ? 'deleted' : 'past retention'}: ${monitoring.expiredFiles} files`;
  return [line('logged predictions', predictionDays, predictions), line('labels', labelDays, labels), windows];
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
