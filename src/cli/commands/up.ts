import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { once } from 'node:events';
import type { Endpoints } from '../../config/endpoints.js';
import type { Home } from '../../config/home.js';
import { acquireHome } from '../../workers/stack/home-lock.js';
import type { NamedPorts } from '../../workers/stack/pick-ports.js';
import { startStack } from '../../workers/stack/start-stack.js';
import type { Cli } from '../cli.js';
import { parsePort } from '../options.js';
import { facts } from '../render/table.js';
import { detachStack } from '../detach-stack.js';
import { heldBy } from '../held-by.js';

interface UpOptions {
  readonly detach?: true;
  readonly temporalPort?: number;
  readonly temporalUiPort?: number;
  readonly mlflowPort?: number;
  readonly trafficPort?: number;
  readonly apiPort?: number;
  /** `--no-serving` */
  readonly serving: boolean;
}

export function addUpCommand(program: Command, cli: Cli): void {
  program
    .command('up')
    .description(
      'run the embedded stack (Temporal, MLflow, Envoy, a worker, an HTTP server) until Ctrl-C; where TEMPORAL_ADDRESS, TEMPORAL_PROFILE or MLFLOW_TRACKING_URI is set, attach to that server instead',
    )
    .option('--detach', 'go on in the background; `ratchet down` stops it')
    .option('--temporal-port <port>', 'port of the Temporal server (default: a free one)', parsePort)
    .option('--temporal-ui-port <port>', 'port of the Temporal UI (default: a free one)', parsePort)
    .option('--mlflow-port <port>', 'port of MLflow (default: a free one)', parsePort)
    .option('--traffic-port <port>', 'port where models answer requests (default: a free one)', parsePort)
    .option('--api-port <port>', 'port of the HTTP server for webhooks and labels (default: a free one)', parsePort)
    .option('--no-serving', 'start no proxy and no model servers')
    .addOption(
      new Option('--host <address>', 'address to listen on; only loopback, as votes are not signed yet')
        .argParser(refuseOthers)
        .default('127.0.0.1'),
    )
    .action(async (options: UpOptions, command: Command) => {
      const home = cli.home(command);
      if (options.detach)
        return showStack(cli, command, home, await detachStack(cli, home, cli.terminal.environment, upArguments(options)));
      await runStack(
        cli,
        command,
        home,
        {
          temporal: options.temporalPort,
          temporalUi: options.temporalUiPort,
          mlflow: options.mlflowPort,
          traffic: options.trafficPort,
          api: options.apiPort,
        },
        options.serving,
      );
    });
}

async function runStack(cli: Cli, command: Command, home: Home, ports: NamedPorts, serves: boolean): Promise<void> {
  const lock = acquireHome(home);
  if (!('release' in lock)) throw heldBy(home, lock);
  const { interrupted, environment } = cli.terminal;
  cli.terminal.interruptWhenUnread();
  const report = reporter(cli);
  const stack = await startStack({ home, lock, environment, ports, serves, tell: report.tell, signal: interrupted });
  showStack(cli, command, home, stack.endpoints);
  report.ready();
  if (!interrupted.aborted) await once(interrupted, 'abort');
  report.tell('stopping …');
  await stack.stop();
  report.tell('stopped; running jobs go on and are adopted by the next `ratchet up`');
}

/** In the background, our starter listens on a channel until we are ready. */
function reporter(cli: Cli): { tell: (line: string) => void; ready: () => void } {
  return {
    tell(line) {
      cli.tell(`${new Date().toISOString().slice(11, 19)} ${line}`);
      if (process.connected) process.send?.({ kind: 'tell', line });
    },
    ready() {
      if (process.connected) process.send?.({ kind: 'ready' }, () => process.disconnect());
    },
  };
}

function showStack(cli: Cli, command: Command, home: Home, endpoints: Endpoints): void {
  cli.print(command, endpoints, () => ['', ...stackFacts(home, endpoints), '']);
}

export function stackFacts(home: Home, { temporal, mlflow, traffic, api, metrics, storeUri }: Endpoints): string[] {
  return facts([
    ['home', home.path],
    ['Temporal', `${temporal.address} (namespace ${temporal.namespace})`],
    ['Temporal UI', temporal.uiUrl ?? 'that of the attached server'],
    ['MLflow', mlflow.url],
    ['requests', traffic == null ? 'models answer none here' : `${traffic.url}/v2/models/<model>/infer`],
    ...(api === undefined ? [] : ([['webhooks', `${api.url}/v1/webhooks/<sender>?model=<model>`]] as const)),
    ...(metrics === undefined ? [] : [['metrics', metrics.worker] as [string, string]]),
    ['store', storeUri],
    ['logs', home.logsFolder],
  ]);
}

function upArguments({ temporalPort, temporalUiPort, mlflowPort, trafficPort, apiPort, serving }: UpOptions): string[] {
  const ports = {
    '--temporal-port': temporalPort,
    '--temporal-ui-port': temporalUiPort,
    '--mlflow-port': mlflowPort,
    '--traffic-port': trafficPort,
    '--api-port': apiPort,
  };
  const named = Object.entries(ports).flatMap(([name, port]) => (port === undefined ? [] : [name, String(port)]));
  return serving ? named : [...named, '--no-serving'];
}

/** Identities are claims until votes are signed: whoever reaches the server may claim any name, so nobody else may reach it. */
function refuseOthers(address: string): string {
  if (address === '127.0.0.1' || address === 'localhost') return address;
  throw new InvalidArgumentError(`expected 127.0.0.1, found "${address}": votes are not signed yet, so nobody else may reach the stack.`);
}
