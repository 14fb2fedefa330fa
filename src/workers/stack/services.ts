import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readJobLog } from '../../adapters/local/job-log.js';
import { lastLine } from '../../domain/job-words.js';
import { envoyServerPlan, findEnvoy } from '../../adapters/local/servers/envoy-server.js';
import { mlflowServerPlan } from '../../adapters/local/servers/mlflow-server.js';
import { startServer } from '../../adapters/local/servers/server-process.js';
import { temporalServerPlan } from '../../adapters/local/servers/temporal-server.js';
import type { ProcessIdentity } from '../../config/endpoints.js';
import type { Home } from '../../config/home.js';
import type { PythonEnv } from './python-env.js';
import { SEARCH_ATTRIBUTES } from '../temporal-server.js';
import type { StackTarget } from './stack-target.js';
import { startProcess } from './start-process.js';
import type { Service } from './supervise.js';

export interface ServiceContext {
  readonly home: Home;
  readonly python: PythonEnv;
  readonly environment: NodeJS.ProcessEnv;
  readonly target: StackTarget;
  /** A server's process is known before it is ready. */
  readonly onSpawn: (name: 'temporal' | 'mlflow' | 'envoy', process: ProcessIdentity) => void;
}

const readyMsMax = 60_000;
/** A worker first finishes its short activities; jobs run on without it. */
const workerGraceMs = 15_000;
/** Requests in hand are answered. */
const apiGraceMs = 10_000;
/** Model servers finish their requests and ship their log. */
const servingGraceMs = 15_000;

export function temporalService({ home, python, target, onSpawn }: ServiceContext): Service {
  const plan = temporalServerPlan({
    bin: join(python.bin, 'temporal'),
    dbFile: home.temporalDatabase,
    logFile: join(home.logsFolder, 'temporal.log'),
    port: target.temporalPort,
    uiPort: target.uiPort,
    metricsPort: target.metricsPorts.temporalMetrics,
    namespace: target.namespace,
    searchAttributes: Object.fromEntries(SEARCH_ATTRIBUTES.map((name) => [name, 'Keyword'])),
  });
  return { name: 'Temporal', start: () => startServer({ ...plan, onSpawn: (process) => onSpawn('temporal', process) }, target.address) };
}

export function mlflowService({ home, python, target, onSpawn }: ServiceContext): Service {
  const plan = mlflowServerPlan({ python: python.python, home: home.path, port: target.mlflowPort });
  const address = `127.0.0.1:${target.mlflowPort}`;
  return { name: 'MLflow', start: () => startServer({ ...plan, onSpawn: (process) => onSpawn('mlflow', process) }, address) };
}

/** The proxy in front of the model servers; null where there is none on this machine. */
export function envoyService({ home, python, target, environment, onSpawn }: ServiceContext): Service | null {
  const envoy = findEnvoy(python.bin, environment['PATH']);
  const { traffic } = target;
  if (envoy === null || traffic === null) return null;
  const plan = envoyServerPlan({
    envoy,
    folder: home.envoyFolder,
    port: traffic.port,
    adminPort: traffic.adminPort,
    logFile: join(home.logsFolder, 'envoy.log'),
    concurrency: Number(environment['RATCHET_ENVOY_CONCURRENCY'] ?? '') || 2,
  });
  return {
    name: 'Envoy',
    start: () => startServer({ ...plan, onSpawn: (process) => onSpawn('envoy', process) }, `127.0.0.1:${traffic.port}`),
  };
}

/** Keeps the model servers running; they outlive it where it is killed, and end where it is told to end. */
export function servingHostService(context: ServiceContext): Service {
  const { home } = context;
  return {
    name: 'the serving host',
    start: () =>
      startProcess({
        command: process.execPath,
        args: ['--enable-source-maps', fileURLToPath(new URL('../serving-host.js', import.meta.url))],
        environment: workerEnvironment(context),
        logFile: join(home.logsFolder, 'serving.log'),
        stopGraceMs: servingGraceMs,
        withChannel: true,
      }),
  };
}

/** The worker tells over its channel when it polls; it ends by itself where this supervisor dies. */
export function workerService(context: ServiceContext): Service {
  return ownProcess(context, {
    name: 'the worker',
    script: new URL('../main.js', import.meta.url),
    log: 'worker.log',
    stopGraceMs: workerGraceMs,
    environment: {
      RATCHET_METRICS_ADDRESS: `127.0.0.1:${context.target.metricsPorts.workerMetrics}`,
      RATCHET_SDK_METRICS_ADDRESS: `127.0.0.1:${context.target.metricsPorts.sdkMetrics}`,
    },
  });
}

/** Our HTTP server, which tells when it listens. */
export function apiService(context: ServiceContext): Service {
  return ownProcess(context, {
    name: 'the HTTP server',
    script: new URL('../api-server.js', import.meta.url),
    log: 'api.log',
    stopGraceMs: apiGraceMs,
    environment: { RATCHET_API_PORT: String(context.target.apiPort) },
  });
}

interface OwnProcess {
  readonly name: string;
  readonly script: URL;
  readonly log: string;
  readonly stopGraceMs: number;
  readonly environment: NodeJS.ProcessEnv;
}

/** A process of ours that says `ready` over its channel. */
function ownProcess(context: ServiceContext, { name, script, log, stopGraceMs, environment }: OwnProcess): Service {
  return {
    name,
    async start() {
      const logFile = join(context.home.logsFolder, log);
      const started = await startProcess({
        command: process.execPath,
        args: ['--enable-source-maps', fileURLToPath(script)],
        environment: { ...workerEnvironment(context), ...environment },
        logFile,
        stopGraceMs,
        withChannel: true,
      });
      const timeout = AbortSignal.timeout(readyMsMax);
      const ready = await Promise.race([
        once(started.child, 'message', { signal: timeout }).then(
          () => null,
          () => `not ready within ${readyMsMax / 1000} s`,
        ),
        started.exited,
      ]);
      if (ready === null) return started;
      await started.stop();
      throw new Error(`${name} did not start (${ready}): ${lastLine(readJobLog(logFile, 4096)) || 'it said nothing'} (log: ${logFile})`);
    },
  };
}

/** What a worker of this stack is told. */
export function workerEnvironment({ home, python, environment, target }: ServiceContext): NodeJS.ProcessEnv {
  const inherited = { ...environment };
  if (!target.attachedTemporal) for (const name of Object.keys(inherited)) if (name.startsWith('TEMPORAL_')) delete inherited[name];
  return {
    ...inherited,
    RATCHET_HOME: home.path,
    RATCHET_STORE_URI: target.storeUri,
    RATCHET_PYTHON_BIN: python.bin,
    MLFLOW_TRACKING_URI: target.mlflowUrl,
    RATCHET_TRAFFIC_PORT: target.traffic === null ? undefined : String(target.traffic.port),
    RATCHET_TRAFFIC_ADMIN_PORT: target.traffic === null ? undefined : String(target.traffic.adminPort),
    RATCHET_TEMPORAL_UI_URL: target.attachedTemporal ? inherited['RATCHET_TEMPORAL_UI_URL'] : `http://127.0.0.1:${target.uiPort}`,
    // The server of this stack: no profile of the user may change how it is spoken to.
    RATCHET_TEMPORAL: target.attachedTemporal ? undefined : target.address,
  };
}
