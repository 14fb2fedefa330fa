import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { readHead } from '../../client/ledger-view.js';
import { adoptLedger } from '../../workers/compose/adopt-ledger.js';
import type { Cli } from '../cli.js';
import { CommandError } from '../explain-error.js';
import { asOption, parseModelName, reasonOption, userName } from '../options.js';
import { withSession } from '../session.js';

interface AdoptOptions {
  readonly from?: string;
  readonly as?: string;
  readonly reason?: string;
}

export function addAdoptCommand(program: Command, cli: Cli): void {
  program
    .command('adopt')
    .description('take a model over from another Temporal cluster or key, which from then on may no longer write its ledger')
    .argument('<model>', 'name of the model', parseModelName)
    .option('--from <owner>', 'the owner that is replaced, as this command shows it (without it: it is shown and asked for)')
    .addOption(reasonOption())
    .addOption(asOption())
    .action(async (model: string, options: AdoptOptions, command: Command) => {
      await withSession(cli, command, async ({ store, owner }) => {
        const head = await readHead(store, model);
        if (!head) throw new CommandError(`there is no ledger of ${model} in ${store.uri}`, '`ratchet get` lists the models');
        const from = options.from ?? (await askForOwner(cli, model, head.after.owner, await owner()));
        const request = {
          model,
          from,
          requestedBy: options.as ?? userName(),
          reason: options.reason ?? '',
          requestId: `adopt-${randomUUID()}`,
        };
        const appended = await adoptLedger({ ...request, home: cli.home(command).path, storeUri: store.uri, owner: await owner() });
        cli.print(command, { model, from, owner: appended.after.owner, seq: appended.seq }, () => [
          `${model}: taken over from ${from} by ${appended.after.owner} (record ${appended.seq})`,
        ]);
      });
    });
}

async function askForOwner(cli: Cli, model: string, from: string, to: string): Promise<string> {
  cli.tell(`the ledger of ${model} belongs to ${from}; it would belong to ${to}`);
  cli.tell('what runs there can then no longer write it: adopt only where it is gone for good');
  const { ask } = cli.terminal;
  if (!ask) throw new CommandError('to take it over, name the owner that you have seen', `ratchet adopt ${model} --from ${from}`);
  if (!/^y(es)?$/i.test(await ask('take it over? [y/N] '))) throw new CommandError('nothing was taken over');
  return from;
}
