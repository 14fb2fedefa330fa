import { readFileSync } from 'node:fs';
import { Option, type Command } from 'commander';
import { addLabels, type LabelsAdded } from '../../client/labels/add-labels.js';
import { labelStatus } from '../../client/labels/label-status.js';
import { LabelFormat } from '../../domain/label-receipt.js';
import { openLabelReader } from '../../workers/compose/labels.js';
import type { Cli } from '../cli.js';
import { CommandError } from '../explain-error.js';
import { fileOption, parseModelName, parsePositiveInteger, parseTime } from '../options.js';
import { labelStatusLines } from '../render/label-status.js';
import { openStore } from '../session.js';

export function addLabelsCommand(program: Command, cli: Cli): void {
  const labels = program.command('labels').description('what became known of predictions: take it in, or see how much is known');
  labels
    .command('add')
    .description('take in labels by prediction id, in any order and however late; a file that was taken in before changes nothing')
    .argument('<model>', 'name of the model', parseModelName)
    .addOption(fileOption('JSON lines (.jsonl, .ndjson), CSV (.csv) or Parquet (.parquet); - is the standard input'))
    .addOption(new Option('--format <format>', 'of the file (default: by its name)').choices(LabelFormat.options))
    .option('--skip-bad', 'leave out rows that are no labels, and count them; without it, one of them refuses the file')
    .action(async (model: string, { file, format, skipBad = false }: AddOptions, command: Command) => {
      const store = openStore(cli, command);
      const name = file === '-' ? 'stdin' : file;
      const added = await addLabels({
        store,
        model,
        content: readContent(file),
        format: format ?? formatOf(file),
        name,
        skipBad,
        nowMs: Date.now(),
      });
      cli.print(command, added, () => addedLines(added, name));
    });
  labels
    .command('status')
    .description('how many of the logged predictions have labels, day by day, and what is wrong with the others')
    .argument('<model>', 'name of the model', parseModelName)
    .option('--days <n>', 'so many days back', parsePositiveInteger, 30)
    .option('--as-of <time>', 'what was known then: a day or a time with its zone (default: now)', parseTime)
    .action(async (model: string, { days, asOf }: { days: number; asOf?: string }, command: Command) => {
      const store = openStore(cli, command);
      const reader = await openLabelReader({ storeUri: store.uri, environment: cli.terminal.environment, tell: cli.tell });
      const asOfMs = asOf === undefined ? Date.now() : Date.parse(asOf);
      const status = await labelStatus({ store, reader, model, days, asOfMs, signal: cli.terminal.interrupted });
      cli.print(command, status, () => labelStatusLines(status));
    });
}

interface AddOptions {
  readonly file: string;
  readonly format?: LabelFormat;
  readonly skipBad?: boolean;
}

/** @throws {CommandError} names the file and what was found there */
function readContent(file: string): Uint8Array {
  try {
    return readFileSync(file === '-' ? 0 : file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CommandError(
      `${file}: expected a file of labels, found ${code === 'ENOENT' ? 'nothing' : `what cannot be read (${code})`}`,
      'correct the path after -f',
    );
  }
}

const FORMATS: Readonly<Record<string, LabelFormat>> = { jsonl: 'jsonl', ndjson: 'jsonl', json: 'jsonl', csv: 'csv', parquet: 'parquet' };

/** @throws {CommandError} its name does not say */
function formatOf(file: string): LabelFormat {
  const format = FORMATS[file.split('.').at(-1)!.toLowerCase()];
  if (format !== undefined) return format;
  throw new CommandError(
    `${file}: expected a name that ends in .jsonl, .csv or .parquet`,
    `say what it is with --format: ${LabelFormat.options.join(', ')}`,
  );
}

function addedLines({ model, known, rows, badRows, receivedAt, problems }: LabelsAdded, name: string): string[] {
  const count = `${rows} ${rows === 1 ? 'label' : 'labels'}`;
  if (known) return [`${name}: known since ${receivedAt}, ${count} of ${model}; nothing was changed`];
  const left =
    badRows === 0 ? [] : [`left out: ${badRows} ${badRows === 1 ? 'row' : 'rows'}`, ...problems.map((problem) => `  ${problem}`)];
  return [`${name}: took in ${count} of ${model}`, ...left];
}
