const againMs = 5_000;

/**
 * A file that follows what runs. Where it cannot be written (a full disk) that is told once, and it is written as soon as it
 * can be: what works must not be stopped, nor taken for stopped, because nobody could note its address.
 */
export function keepWritten(write: () => void, tell: (line: string) => void, signal: AbortSignal, retryMs = againMs): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isBroken = false;
  return attempt;

  function attempt(): void {
    clearTimeout(timer);
    if (signal.aborted) return;
    try {
      write();
      isBroken = false;
    } catch (error) {
      if (!isBroken)
        tell(`the addresses cannot be written (${error instanceof Error ? error.message : String(error)}); tried again until they are`);
      isBroken = true;
      timer = setTimeout(attempt, retryMs).unref();
    }
  }
}
