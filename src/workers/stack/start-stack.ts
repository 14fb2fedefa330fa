import { mkdirSync } from 'node:fs';
import { identify } from '../../adapters/local/process-identity.js';
import { envoyMissing, findEnvoy } from '../../adapters/local/servers/envoy-server.js';
import type { Endpoints, ProcessIdentity } from '../../config/endpoints.js';
import { readEndpoints, removeEndpoints, writeEndpoints } from '../../config/endpoints.js';
import type { Home } from '../../config/home.js';
import { noticesFile, readNoticesConfig } from '../../config/notices-config.js';
import { redactUrl } from '../../config/redact-url.js';
import { workerConfig } from '../../config/worker-config.js';
import { endLeftovers } from './end-leftovers.js';
import type { HomeLock } from './home-lock.js';
import { keepWritten } from './keep-written.js';
import type { NamedPorts } from './pick-ports.js';
import { writePrometheusFiles } from './prometheus-files.js';
import { ensurePythonEnv, type PythonEnv } from './python-env.js';
import { prepareAttachedServer } from './prepare-attached-server.js';
import type { ServiceContext } from './services.js';
import {
  apiService,
  envoyService,
  mlflowService,
  servingHostService,
  temporalService,
  workerEnvironment,
  workerService,
} from './services.js';
import { chooseTarget } from './stack-target.js';
import type { StackTarget } from './stack-target.js';
import type { Service, Supervised } from './supervise.js';
import { supervise } from './supervise.js';

export interface StackOptions {
  readonly home: Home;
  /** Held by the caller, and released by `stop`. */
  readonly lock: HomeLock;
  readonly environment: NodeJS.ProcessEnv;
  readonly ports: NamedPorts;
  /** Whether models answer requests here. */
  readonly serves: boolean;
  /** What happens, for people. */
  readonly tell: (line: string) => void;
  /** Ends the start between two steps. */
  readonly signal: AbortSignal;
}

export interface Stack {
  readonly endpoints: Endpoints;
  /** HTTP server, worker, serving, MLflow, then Temporal. Jobs run on and are adopted by the next stack. */
  stop(): Promise<void>;
}

interface Parts {
  temporal?: Supervised;
  mlflow?: Supervised;
  worker?: Supervised;
  api?: Supervised;
  envoy?: Supervised;
  servingHost?: Supervised;
}

/** The last process of each server, ready or not, alive or not. */
type Spawned = { [name in 'temporal' | 'mlflow' | 'envoy']?: ProcessIdentity };

/**
 * Starts Temporal, MLflow and a worker, or attaches to those that the environment names, and keeps what it started alive.
 * @throws {Error} one sentence: a port is taken, the Python environment cannot be made, a server does not start. Nothing is left running.
 */
export async function startStack({ home, lock, environment, ports, serves, tell, signal }: StackOptions): Promise<Stack> {
  const parts: Parts = {};
  const spawned: Spawned = {};
  const stopping = new AbortController();
  const startedAt = new Date().toISOString();
  try {
    for (const folder of [home.storeFolder, home.logsFolder, home.mlflowFolder, home.jobsFolder, home.servingFolder])
      mkdirSync(folder, { recursive: true });
    const before = readEndpoints(home);
    await endLeftovers(before, tell);
    const python = await ensurePythonEnv(tell);
    const target = await chooseTarget({ home, environment, ports, serves: serves && canServe(python, environment, tell), before });
    const onChange = keepWritten(() => writeEndpoints(home, describe(target, startedAt, spawned, parts)), tell, stopping.signal);
    const onSpawn: ServiceContext['onSpawn'] = (name, process) => {
      spawned[name] = process;
      onChange(); // at once: what is killed halfway is found by the next start
    };
    const context = { home, python, environment, target, onSpawn };
    await writePrometheusFiles(home, metricsPages(target), tell);
    workerConfig(workerEnvironment(context)); // a wrong variable is said before anything is started
    const run = async (name: keyof Parts, service: Service): Promise<void> => {
      parts[name] = await supervise(service, { tell, onChange });
      onChange();
    };
    readNoticesConfig(noticesFile(home.path, environment)); // so is a wrong notices.yaml
    signal.throwIfAborted();
    tell(
      target.attachedTemporal
        ? `attaching to the Temporal server at ${target.address} (named by ${target.attachedTemporal.namedBy})`
        : 'starting Temporal …',
    );
    if (target.attachedTemporal) await prepareAttachedServer(target.attachedTemporal, tell);
    tell(target.attachedMlflow ? `attaching to MLflow at ${redactUrl(target.mlflowUrl)}` : 'starting MLflow …');
    const [first, registry]: [Promise<void>[], Promise<void>[]] = [[], []];
    if (!target.attachedTemporal) first.push(run('temporal', temporalService(context)));
    if (!target.attachedMlflow) registry.push(run('mlflow', mlflowService(context)));
    const envoy = envoyService(context);
    if (envoy !== null) first.push(run('envoy', envoy), run('servingHost', servingHostService(context)));
    // The registry takes the longest to start, and traffic that is to be turned back cannot wait for it.
    const worker = settleAll(first).then(async () => {
      signal.throwIfAborted();
      tell('starting the worker …');
      await run('worker', workerService(context));
      await run('api', apiService(context));
    });
    await settleAll([worker, ...registry]);
    signal.throwIfAborted();
    return { endpoints: describe(target, startedAt, spawned, parts), stop };
  } catch (error) {
    await stop();
    throw error;
  }

  async function stop(): Promise<void> {
    await parts.api?.stop();
    await parts.worker?.stop();
    await parts.servingHost?.stop();
    await parts.envoy?.stop();
    await parts.mlflow?.stop();
    await parts.temporal?.stop();
    stopping.abort();
    removeEndpoints(home);
    lock.release();
  }
}

/** Models that are to be served are refused with the reason where nothing can be: the rest of the loop needs no proxy. */
function canServe(python: PythonEnv, environment: NodeJS.ProcessEnv, tell: (line: string) => void): boolean {
  const envoy = findEnvoy(python.bin, environment['PATH']);
  if (envoy === null) tell(`serving is left out. ${envoyMissing}`);
  return envoy !== null;
}

/** Everything that was being started is there (or has failed) before anything is stopped. */
async function settleAll(starting: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(starting)) if (result.status === 'rejected') throw result.reason;
}

function describe(target: StackTarget, startedAt: string, spawned: Spawned, { worker, servingHost, api }: Parts): Endpoints {
  return {
    v: 1,
    supervisor: identify(process.pid),
    startedAt,
    temporal: {
      address: target.address,
      namespace: target.namespace,
      uiUrl: target.attachedTemporal ? null : `http://127.0.0.1:${target.uiPort}`,
      process: spawned.temporal ?? null,
    },
    mlflow: { url: redactUrl(target.mlflowUrl), process: spawned.mlflow ?? null },
    traffic:
      target.traffic === null
        ? null
        : { url: `http://127.0.0.1:${target.traffic.port}`, process: spawned.envoy ?? null, servingHost: processOf(servingHost) },
    worker: { process: processOf(worker) },
    api: { url: `http://127.0.0.1:${target.apiPort}`, process: processOf(api) },
    metrics: metricsPages(target),
    storeUri: target.storeUri,
  };
}

function metricsPages({ metricsPorts, attachedTemporal, traffic }: StackTarget): NonNullable<Endpoints['metrics']> {
  const page = (port: number, path = '/metrics'): string => `http://127.0.0.1:${port}${path}`;
  return {
    worker: page(metricsPorts.workerMetrics),
    sdk: page(metricsPorts.sdkMetrics),
    temporal: attachedTemporal ? null : page(metricsPorts.temporalMetrics),
    proxy: traffic === null ? null : page(traffic.adminPort, '/stats/prometheus'),
  };
}

function processOf(part: Supervised | undefined): ProcessIdentity | null {
  const pid = part?.pid();
  try {
    return pid ? identify(pid) : null;
  } catch {
    return null; // it has just died, and its restart writes again
  }
}
