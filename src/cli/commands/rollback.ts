import type { Command } from 'commander';
import type { RollbackOutcome } from '../../client/roll-back.js';
import { rollBack } from '../../client/roll-back.js';
import type { Cli } from '../cli.js';
import { asOption, parseModelName, reasonOption } from '../options.js';
import type { Session } from '../session.js';
import { withSession } from '../session.js';

interface RollbackOptions {
  readonly to?: string;
  readonly as: string;
  readonly reason?: string;
}

export function addRollbackCommand(program: Command, cli: Cli): void {
  program
    .command('rollback')
    .description('turn back to the version before, or to any that was champion once, and wait until the traffic is there')
    .argument('<model>', 'name of the model', parseModelName)
    .option('--to <version>', 'a version that was champion, or the part of its name before `+` (default: the one before)')
    .addOption(asOption('who asks, for the record').makeOptionMandatory())
    .addOption(reasonOption())
    .action(async (model: string, { to, as, reason }: RollbackOptions, command: Command) => {
      await withSession(cli, command, async (session) => {
        const openBefore = await openCycle(session, model);
        const request = { model, to: to ?? null, requestedBy: as, reason: reason ?? '' };
        const outcome = await rollBack(session.client, session.store, session.traffic(model), request, {
          signal: cli.terminal.interrupted,
          onProgress: (line) => cli.tell(`  ${line}`),
        });
        cli.print(command, outcome, () => rollbackLines(outcome));
        const open = await openCycle(session, model);
        if (outcome.by !== 'rollout' && open !== null && open === openBefore)
          cli.tell(`cycle ${open} was to replace ${outcome.from} and can no longer be promoted; to end it: ratchet abort ${model}`);
      });
    });
}

async function openCycle(session: Session, model: string): Promise<number | null> {
  const state = await session
    .model(model)
    .state()
    .catch(() => null);
  return state?.openCycle ?? null;
}

export function rollbackLines({ model, from, to, trafficBackAt }: RollbackOutcome): string[] {
  return [
    `${model}: back from ${from} to ${to ?? 'nobody: nothing answered before it'}`,
    trafficBackAt === null ? '  it answers no requests: there was no traffic to move' : `  the traffic was back at ${trafficBackAt}`,
  ];
}
