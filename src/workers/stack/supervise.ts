import { setTimeout as sleep } from 'node:timers/promises';

/** A process that runs until it is stopped or dies. */
export interface RunningService {
  readonly pid: number;
  /** How it ended, in words: "exit code 1", "killed by SIGKILL". */
  readonly exited: Promise<string>;
  /** Asks it to end, and ends it where it does not. */
  stop(): Promise<void>;
}

export interface Service {
  readonly name: string;
  /** Resolves when it is ready for work. */
  start(): Promise<RunningService>;
}

export interface Supervised {
  /** null while it is being restarted. */
  pid(): number | null;
  stop(): Promise<void>;
}

export interface SuperviseOptions {
  readonly tell: (line: string) => void;
  /** After every start, with the new process in place. */
  readonly onChange: () => void;
  readonly firstDelayMs?: number;
}

const delayMsMax = 30_000;
/** A process that lived this long did not die of its start: the waiting begins anew. */
const soundMs = 5_000;

/**
 * Keeps a service running: what dies is started again on the same ports, at once and then with doubled waiting.
 * @throws whatever the first start throws; later failures are told and tried again.
 */
export async function supervise(service: Service, { tell, onChange, firstDelayMs = 500 }: SuperviseOptions): Promise<Supervised> {
  const stopping = new AbortController();
  let running: RunningService | null = await service.start();
  const ended = keepRunning();
  return {
    pid: () => running?.pid ?? null,
    async stop() {
      stopping.abort();
      await running?.stop();
      await ended;
    },
  };

  async function keepRunning(): Promise<void> {
    let delayMs = 0;
    while (!stopping.signal.aborted) {
      if (running) {
        const startedMs = performance.now(); // monotonic: a clock that jumps neither hurries nor delays a restart
        const how = await running.exited;
        running = null;
        if (stopping.signal.aborted) return;
        if (performance.now() - startedMs > soundMs) delayMs = 0;
        tell(`${service.name} ended (${how}); starting it again${delayMs > 0 ? ` in ${delayMs / 1000} s` : ''}`);
      }
      await pause(delayMs);
      delayMs = Math.min(Math.max(delayMs * 2, firstDelayMs), delayMsMax);
      if (!stopping.signal.aborted) await restart(delayMs);
    }
  }

  async function restart(delayMs: number): Promise<void> {
    try {
      const started = await service.start();
      if (stopping.signal.aborted) return await started.stop();
      running = started;
      onChange();
      tell(`${service.name} runs again (process ${started.pid})`);
    } catch (error) {
      tell(`${service.name} does not start: ${error instanceof Error ? error.message : String(error)}; next try in ${delayMs / 1000} s`);
    }
  }

  async function pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined);
  }
}
