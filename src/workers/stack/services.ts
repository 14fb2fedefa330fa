import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lastLine, readJobLog } from '../../adapters/local/job-log.js';
import { startMlflow } from '../../adapters/local/servers/mlflow-server.js';
import { startTemporal } from '../../adapters/local/servers/temporal-server.js';
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
  readonly tell: (line: string) => void;
}

const workerReadyMsMax = 60_000;
/** A worker first finishes its short activities; jobs run on without it. */
const workerGraceMs = 15_000;

export function temporalService({ home, python, target }: ServiceContext): Service {
  return {
    name: 'Temporal',
    start: () =>
      startTemporal({
        bin: join(python.bin, 'temporal'),
        dbFile: home.temporalDatabase,
        logFile: join(home.logsFolder, 'temporal.log'),
        port: target.temporalPort,
        uiPort: target.uiPort,
        namespace: target.namespace,
        searchAttributes: Object.fromEntries(SEARCH_ATTRIBUTES.map((name) => [name, 'Keyword'])),
      }),
  };
}

export function mlflowService({ home, python, target }: ServiceContext): Service {
  return { name: 'MLflow', start: () => startMlflow({ python: python.python, home: home.path, port: target.mlflowPort }) };
}

/** The worker tells over its channel when it polls; it ends by itself where this supervisor dies. */
export function workerService({ home, python, environment, target }: ServiceContext): Service {
  return {
    name: 'the worker',
    async start() {
      const logFile = join(home.logsFolder, 'worker.log');
      const started = await startProcess({
        command: process.execPath,
        args: ['--enable-source-maps', fileURLToPath(new URL('../main.js', import.meta.url))],
        environment: workerEnvironment(home, python, environment, target),
        logFile,
        stopGraceMs: workerGraceMs,
        withChannel: true,
      });
      const timeout = AbortSignal.timeout(workerReadyMsMax);
      const ready = await Promise.race([
        once(started.child, 'message', { signal: timeout }).then(
          () => null,
          () => `not ready within ${workerReadyMsMax / 1000} s`,
        ),
        started.exited,
      ]);
      if (ready === null) return started;
      await started.stop();
      throw new Error(`the worker did not start (${ready}): ${lastLine(readJobLog(logFile, 4096)) || 'it said nothing'} (log: ${logFile})`);
    },
  };
}

function workerEnvironment(home: Home, python: PythonEnv, environment: NodeJS.ProcessEnv, target: StackTarget): NodeJS.ProcessEnv {
  const inherited = { ...environment };
  if (!target.attachedTemporal) for (const name of Object.keys(inherited)) if (name.startsWith('TEMPORAL_')) delete inherited[name];
  return {
    ...inherited,
    RATCHET_HOME: home.path,
    RATCHET_STORE_URI: target.storeUri,
    RATCHET_PYTHON_BIN: python.bin,
    MLFLOW_TRACKING_URI: target.mlflowUrl,
    // The server of this stack: no profile of the user may change how it is spoken to.
    ...(target.attachedTemporal ? {} : { RATCHET_TEMPORAL: target.address }),
  };
}
