import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ContainerEnd {
  readonly exitCode: number;
  /** What the container left in /opt/ml/output/failure. */
  readonly failure: string;
}

export interface Container {
  readonly end: Promise<ContainerEnd>;
  /** SIGTERM, and after the grace time SIGKILL to all that it started. */
  stop(): void;
}

/** The process of a container, with the layout of /opt/ml below `root`; RATCHET_ML_ROOT says where that is. */
export function startContainer(
  root: string,
  entrypoint: readonly string[],
  environment: Record<string, string>,
  graceMs: number,
): Container {
  for (const folder of ['input/config', 'input/data', 'model', 'output/data', 'checkpoints'])
    mkdirSync(join(root, folder), { recursive: true });
  const [file, ...args] = entrypoint;
  const child = spawn(file!, args, {
    cwd: root,
    env: { ...environment, RATCHET_ML_ROOT: root },
    detached: true,
    stdio: ['ignore', 'ignore', process.env.RATCHET_FAKE_SHOWS === undefined ? 'ignore' : 'inherit'],
  });
  let killer: NodeJS.Timeout | undefined;
  const end = new Promise<ContainerEnd>((resolve) => {
    child.on('error', (error) => resolve({ exitCode: 127, failure: error.message }));
    child.on('exit', (code) => {
      clearTimeout(killer);
      const file = join(root, 'output', 'failure');
      resolve({ exitCode: code ?? 137, failure: existsSync(file) ? readFileSync(file, 'utf8') : '' });
    });
  });
  return { end, stop };

  function stop(): void {
    signal('SIGTERM');
    killer = setTimeout(() => signal('SIGKILL'), graceMs).unref();
  }

  function signal(name: NodeJS.Signals): void {
    try {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(child.pid, name);
    } catch {
      // it has just ended
    }
  }
}
