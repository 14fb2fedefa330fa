import { createInterface } from 'node:readline/promises';

/** What a command may see of the outside; tests give it another one. */
export interface Terminal {
  /** Results, for programs and people. */
  out(text: string): void;
  /** Progress and errors, for people. */
  err(text: string): void;
  readonly environment: NodeJS.ProcessEnv;
  /** Whether `out` is a screen that can be drawn on. */
  readonly isScreen: boolean;
  readonly columns: number;
  /** Whether `out` may be coloured: a screen, unless NO_COLOR is set (https://no-color.org). */
  readonly hasColours: boolean;
  /** null where nobody is there to answer. */
  readonly ask: ((question: string) => Promise<string>) | null;
  /** Ends waits and watches: Ctrl-C. */
  readonly interrupted: AbortSignal;
  /**
   * For who has something to tidy up: a reader of `out` that goes away (`| head`) from now on interrupts. Without it, the process
   * ends at once.
   */
  interruptWhenUnread(): void;
}

export function processTerminal(): Terminal {
  // What is said to people may get lost (a full disk under the log of a stack): that must not end what goes on.
  process.stderr.on('error', () => undefined);
  const interrupt = new AbortController();
  let mustTidyUp = false;
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (mustTidyUp) return interrupt.abort();
    // A reader that went away is no error of ours.
    process.exit(code === 'EPIPE' ? 0 : 1);
  });
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt.abort());
  let asked = 0;
  process.on('SIGINT', () => {
    // The second one means it: whatever is being tidied up is left.
    if (++asked > 1) process.exit(130);
    interrupt.abort();
  });
  const isScreen = process.stdout.isTTY === true && process.env['TERM'] !== 'dumb';
  return {
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    environment: process.env,
    isScreen,
    hasColours: isScreen && !process.env['NO_COLOR'],
    get columns() {
      return process.stdout.columns || 100; // some that are asked over a network say 0
    },
    ask: process.stdin.isTTY === true && process.stdout.isTTY === true ? (question) => askOnce(question, interrupt.signal) : null,
    interrupted: interrupt.signal,
    interruptWhenUnread: () => void (mustTidyUp = true),
  };
}

async function askOnce(question: string, signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await lines.question(question, { signal })).trim();
  } finally {
    lines.close();
  }
}
