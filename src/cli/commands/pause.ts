import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { asOption, parseModelName, userName } from '../options.js';
import { withSession } from '../session.js';

interface PauseOptions {
  readonly as?: string;
  readonly reason?: string;
}

export function addPauseCommand(program: Command, cli: Cli): void {
  addCommand(program, cli, 'pause', 'start no more cycles until `ratchet resume`; an open one goes on, triggers wait');
}

export function addResumeCommand(program: Command, cli: Cli): void {
  addCommand(program, cli, 'resume', 'start cycles again');
}

function addCommand(program: Command, cli: Cli, name: 'pause' | 'resume', description: string): void {
  program
    .command(name)
    .description(description)
    .argument('<model>', 'name of the model', parseModelName)
    .option('--reason <text>', 'why, for the record')
    .addOption(asOption())
    .action(async (model: string, { as, reason }: PauseOptions, command: Command) => {
      const request = { requestedBy: as ?? userName(), reason: reason ?? '' };
      await withSession(cli, command, (session) => session.model(model)[name](request));
      cli.print(command, { model, paused: name === 'pause' }, () => [`${model}: ${name}d`]);
    });
}
