import { runCli } from './run-cli.js';
import { processTerminal } from './terminal.js';

/** `ratchet` as this process: its arguments, its terminal, its exit code. */
export async function runProcess(): Promise<void> {
  process.exitCode = await runCli(process.argv.slice(2), processTerminal());
  // Started in the background: the channel to our starter would keep us alive.
  if (process.connected) process.disconnect();
}
