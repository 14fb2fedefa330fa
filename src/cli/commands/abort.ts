import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { CommandError } from '../explain-error.js';
import { asOption, parseModelName, parsePositiveInteger, reasonOption, userName } from '../options.js';
import { openCycleOf } from '../open-cycle-of.js';
import { withSession } from '../session.js';

interface AbortOptions {
  readonly cycle?: number;
  readonly as?: string;
  readonly reason?: string;
}

export function addAbortCommand(program: Command, cli: Cli): void {
  program
    .command('abort')
    .description('end the open cycle: its job is stopped, nothing is promoted')
    .argument('<model>', 'name of the model', parseModelName)
    .option('--cycle <number>', 'only where this cycle is the open one', parsePositiveInteger)
    .addOption(reasonOption())
    .addOption(asOption())
    .action(async (model: string, { cycle, as, reason }: AbortOptions, command: Command) => {
      await withSession(cli, command, async (session) => {
        const open = await openCycleOf(session, model);
        if (cycle !== undefined && cycle !== open.cycle) {
          throw new CommandError(
            `cycle ${cycle} of ${model} is not open; cycle ${open.cycle} is`,
            `abort that one with \`ratchet abort ${model} --cycle ${open.cycle}\``,
          );
        }
        await open.abort({ requestedBy: as ?? userName(), reason: reason ?? '' });
        cli.print(command, { model, cycle: open.cycle, aborted: true }, () => [`${model}: cycle ${open.cycle} is being aborted`]);
      });
    });
}
