import type { Command } from 'commander';
import type { PauseRequest } from '../../workflows/messages.js';
import type { Cli } from '../cli.js';
import { CommandError } from '../explain-error.js';
import { asOption, parseModelName, reasonOption, userName } from '../options.js';
import { withSession } from '../session.js';

interface PauseOptions {
  readonly serving?: true;
  readonly as?: string;
  readonly reason?: string;
}

export function addPauseCommand(program: Command, cli: Cli): void {
  const serving = 'refuse all its requests (HTTP 503) until `ratchet resume --serving`; cycles go on';
  addCommand(program, cli, 'pause', { cycles: 'start no more cycles until `ratchet resume`; an open one goes on, triggers wait', serving });
}

export function addResumeCommand(program: Command, cli: Cli): void {
  addCommand(program, cli, 'resume', { cycles: 'start cycles again', serving: 'answer its requests again' });
}

function addCommand(
  program: Command,
  cli: Cli,
  name: 'pause' | 'resume',
  descriptions: { readonly cycles: string; readonly serving: string },
): void {
  program
    .command(name)
    .description(descriptions.cycles)
    .argument('<model>', 'name of the model', parseModelName)
    .option('--serving', descriptions.serving)
    .addOption(reasonOption())
    .addOption(asOption())
    .action(async (model: string, { serving, as, reason }: PauseOptions, command: Command) => {
      const request = { requestedBy: as ?? userName(), reason: reason ?? '' };
      if (serving) return moveServing(cli, command, { model, name, request });
      await withSession(cli, command, (session) => session.model(model)[name](request));
      cli.print(command, { model, paused: name === 'pause' }, () => [`${model}: ${name}d`]);
    });
}

interface Move {
  readonly model: string;
  readonly name: 'pause' | 'resume';
  readonly request: PauseRequest;
}

async function moveServing(cli: Cli, command: Command, { model, name, request }: Move): Promise<void> {
  const { isPaused, trouble } = await withSession(cli, command, (session) => {
    const handle = session.model(model);
    return name === 'pause' ? handle.pauseServing({ ...request, documentDigest: null, wish: null }) : handle.resumeServing(request);
  });
  if (trouble !== null) {
    const isRecorded = isPaused === (name === 'pause');
    if (!isRecorded) throw new CommandError(`${model}: ${trouble}`, `\`ratchet status ${model}\` shows who answers`);
    throw new CommandError(`${model}: the ${name} is recorded, and not so yet: ${trouble}`, 'it is tried again every minute');
  }
  cli.print(command, { model, servingPaused: isPaused }, () => [
    isPaused
      ? `${model}: serving is paused, all requests are refused; \`ratchet resume ${model} --serving\` ends it`
      : `${model}: requests are answered`,
  ]);
}
