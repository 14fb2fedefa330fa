import type { Command } from 'commander';
import { modelsWithState } from '../client/ledger-view.js';
import type { Endpoints, ProcessIdentity } from '../config/endpoints.js';
import { readEndpoints } from '../config/endpoints.js';
import { isProcessAlive } from '../workers/stack/home-lock.js';
import type { Cli } from './cli.js';
import { table } from './render/table.js';
import { openStore } from './session.js';

interface PartStatus {
  readonly part: string;
  readonly state: 'running' | 'restarting' | 'attached';
  readonly pid: number | null;
  readonly address: string;
}

/** What runs in this home, and the models in its store. */
export async function showStackStatus(cli: Cli, command: Command): Promise<void> {
  const home = cli.home(command);
  const endpoints = readEndpoints(home);
  const isUp = endpoints !== null && isProcessAlive(endpoints.supervisor);
  const parts = isUp ? partsOf(endpoints) : [];
  const store = openStore(cli, command);
  const models = await modelsWithState(store);
  const document = {
    home: home.path,
    running: isUp,
    parts,
    models: models.map(({ model, after }) => ({
      model,
      champion: after.champion?.version ?? null,
      openCycle: after.openCycle,
      paused: after.paused,
    })),
  };
  cli.print(command, document, () => [
    isUp ? `a stack runs in ${home.path}` : `no stack runs in ${home.path}: start one with \`ratchet up\``,
    ...(isUp
      ? [
          '',
          ...table(
            ['PART', 'STATE', 'PROCESS', 'ADDRESS'],
            parts.map((part) => [part.part, part.state, part.pid, part.address]),
          ),
        ]
      : []),
    ...(models.length > 0
      ? [
          '',
          ...table(
            ['MODEL', 'CHAMPION', 'OPEN CYCLE', 'PAUSED'],
            models.map(({ model, after }) => [model, after.champion?.version, after.openCycle, after.paused ? 'yes' : 'no']),
          ),
        ]
      : []),
  ]);
}

function partsOf({ temporal, mlflow, traffic, worker, api, supervisor }: Endpoints): PartStatus[] {
  return [
    { part: 'supervisor', state: 'running', pid: supervisor.pid, address: '' },
    { part: 'Temporal', ...stateOf(temporal.process, temporal.uiUrl === null), address: temporal.address },
    ...(temporal.uiUrl === null ? [] : [{ part: 'Temporal UI', ...stateOf(temporal.process, false), address: temporal.uiUrl }]),
    { part: 'MLflow', ...stateOf(mlflow.process, false), address: mlflow.url },
    ...(traffic == null
      ? []
      : [
          { part: 'Envoy', ...stateOf(traffic.process, false), address: traffic.url },
          { part: 'serving host', ...stateOf(traffic.servingHost, false), address: '' },
        ]),
    { part: 'worker', ...stateOf(worker.process, false), address: '' },
    ...(api === undefined ? [] : [{ part: 'HTTP server', ...stateOf(api.process, false), address: api.url }]),
  ];
}

function stateOf(process: ProcessIdentity | null, isAttached: boolean): Pick<PartStatus, 'state' | 'pid'> {
  if (process === null) return { state: isAttached ? 'attached' : 'restarting', pid: null };
  return { state: isProcessAlive(process) ? 'running' : 'restarting', pid: process.pid };
}
