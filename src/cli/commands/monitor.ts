import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { lastWindows, startMonitoring, type ShownWindow } from '../../client/monitor-handle.js';
import type { ObjectStore } from '../../ports/object-store.js';
import type { Cli } from '../cli.js';
import { CommandError } from '../explain-error.js';
import { mustKnow } from '../known-model.js';
import { asOption, parseHours, parseModelName, userName } from '../options.js';
import { windowLines } from '../render/monitored-window.js';
import { openStore, withSession } from '../session.js';

interface RunOptions {
  readonly window?: number;
  readonly wait?: true;
  readonly as?: string;
}

export function addMonitorCommand(program: Command, cli: Cli): void {
  const monitor = program
    .command('monitor')
    .description('look at what a model answered and what became of it: one window, now; exit code 2 with --wait where something is found')
    .argument('<model>', 'name of the model', parseModelName)
    .option(
      '--window <duration>',
      'how much of the prediction log is looked at, in whole hours: 6h (default: as its spec says)',
      parseHours,
    )
    .option('--wait', 'wait for its end and show what was found')
    .addOption(asOption())
    .action(async (model: string, options: RunOptions, command: Command) => run(cli, command, model, options));
  monitor
    .command('status')
    .description('what the last windows found, a sentence each, and where the report lies')
    .argument('<model>', 'name of the model', parseModelName)
    .action(async (model: string, _options: object, command: Command) => {
      const store = openStore(cli, command);
      await mustKnow(store, model);
      const [last] = await lastWindows(store, model, 1);
      if (last === undefined)
        throw new CommandError(`no window of ${model} was looked at yet`, `look at one with \`ratchet monitor ${model} --wait\``);
      show(cli, command, store, last);
    });
}

async function run(cli: Cli, command: Command, model: string, { window, wait, as }: RunOptions): Promise<void> {
  await withSession(cli, command, async ({ client, store }) => {
    await mustKnow(store, model);
    const result = await startMonitoring(client, {
      model,
      requestedBy: as ?? userName(),
      ...(window === undefined ? {} : { windowHours: window }),
    });
    if (!wait)
      return cli.print(command, { model, started: true }, () => [
        `${model}: a window is looked at; see \`ratchet monitor status ${model}\``,
      ]);
    const { window: looked, documentDigest } = await result();
    if (looked === null) throw new CommandError(`${model} has no version in force: there is nothing to look at`, `ratchet status ${model}`);
    const found = (await lastWindows(store, model, 50)).find((shown) => shown.documentDigest === documentDigest);
    if (found === undefined)
      throw new CommandError(`the window to ${looked.end} is not in ${store.uri}`, 'the worker writes to another store');
    show(cli, command, store, found);
    if (found.findings.some(({ state }) => state === 'found')) cli.exitCode = 2;
  });
}

function show(cli: Cli, command: Command, store: ObjectStore, { reportKey, ...window }: ShownWindow): void {
  const uri = `${store.uri}/${reportKey}`;
  const report = uri.startsWith('file://') ? fileURLToPath(uri) : uri;
  cli.print(command, { ...window, report }, () => windowLines({ ...window, reportKey }, report));
}
