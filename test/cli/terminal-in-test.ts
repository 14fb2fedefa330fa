import { runCli } from '../../src/cli/run-cli.js';
import type { Terminal } from '../../src/cli/terminal.js';

export interface CliRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly environment?: NodeJS.ProcessEnv;
  /** The answer to every question; absent: nobody is there. */
  readonly answer?: string;
  readonly interrupted?: AbortSignal;
  /** Told what is said on stderr, when it is said. */
  readonly onErr?: (text: string) => void;
}

/** Runs `ratchet` in this process, without a screen. */
export async function ratchet(
  args: readonly string[],
  { environment = {}, answer, interrupted = new AbortController().signal, onErr }: RunOptions = {},
): Promise<CliRun> {
  const out: string[] = [];
  const err: string[] = [];
  const terminal: Terminal = {
    out: (text) => void out.push(text),
    err: (text) => {
      err.push(text);
      onErr?.(text);
    },
    environment,
    isScreen: false,
    hasColours: false,
    columns: 100,
    ask: answer === undefined ? null : () => Promise.resolve(answer),
    interrupted,
    interruptWhenUnread: () => undefined,
  };
  const code = await runCli(args, terminal);
  return { code, out: out.join('\n'), err: err.join('\n') };
}
