import type { Command } from 'commander';
import { collectGarbage, type GarbageReport } from '../../client/retention/collect-garbage.js';
import type { Cli } from '../cli.js';
import { parseModelName } from '../options.js';
import { table } from '../render/table.js';
import { openStore } from '../session.js';

export function addGcCommand(program: Command, cli: Cli): void {
  program
    .command('gc')
    .description(
      'say which data files of snapshots are past the retention of the model file in force; needs nothing but the store; evidence, models and ledger are never touched',
    )
    .argument('[model]', 'name of the model (default: all)', parseModelName)
    .option('--delete', 'delete them')
    .action(async (model: string | undefined, { delete: isDeleting = false }: { delete?: boolean }, command: Command) => {
      const report = await collectGarbage(openStore(cli, command), { ...(model ? { model } : {}), isDeleting, nowMs: Date.now() });
      cli.print(command, report, () => garbageLines(report));
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

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
