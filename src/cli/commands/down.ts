import type { Command } from 'commander';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { readEndpoints, removeEndpoints } from '../../config/endpoints.js';
import type { Home } from '../../config/home.js';
import { endLeftovers } from '../../workers/stack/end-leftovers.js';
import { holderOf, isProcessAlive } from '../../workers/stack/home-lock.js';
import type { Cli } from '../cli.js';
import { CommandError } from '../explain-error.js';

const stopSecondsMax = 60;

export function addDownCommand(program: Command, cli: Cli): void {
  program
    .command('down')
    .description('stop the stack of this home; its state stays, running jobs go on and are adopted by the next `ratchet up`')
    .action(async (_options: object, command: Command) => {
      const home = cli.home(command);
      const stopped = await stopStack(home, cli.tell);
      cli.print(command, { home: home.path, stopped }, () => [
        stopped ? `stopped the stack of ${home.path}` : `no stack runs in ${home.path}`,
      ]);
    });
}

/** @returns false where none ran. @throws {CommandError} it runs on another machine, or does not end */
export async function stopStack(home: Home, tell: (line: string) => void): Promise<boolean> {
  const holder = holderOf(home);
  if (!holder) {
    const stopped = await endLeftovers(readEndpoints(home), tell);
    if (holderOf(home) === null) removeEndpoints(home); // a stack that was started meanwhile has written its own
    return stopped;
  }
  if (holder.host !== hostname()) throw new CommandError(`the stack of ${home.path} runs on ${holder.host}`, 'run `ratchet down` there');
  try {
    process.kill(holder.process.pid, 'SIGTERM');
  } catch (error) {
    throw new CommandError(
      `cannot stop process ${holder.process.pid} on ${holder.host} (${(error as NodeJS.ErrnoException).code})`,
      'stop it there, or as the user who started it',
    );
  }
  for (let waitedMs = 0; waitedMs < stopSecondsMax * 1000; waitedMs += 100) {
    if (!isProcessAlive(holder.process)) return true;
    await sleep(100);
  }
  throw new CommandError(`the stack (process ${holder.process.pid}) did not end within ${stopSecondsMax} s`, `see ${home.logsFolder}`);
}
