import { spawn } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isFree, quietPort } from '../servers/loopback-port.js';
import { serverEnvironment } from '../servers/server-process.js';
import { killMarked, signalGroup } from '../process-group.js';
import { isRunning, processStart } from '../process-identity.js';
import { listInstanceFolders, type InstanceFolder, type ReplicaState } from './instance-folder.js';

export interface ServingHostOptions {
  readonly servingFolder: string;
  readonly predictionsFolder: string;
  readonly python: string;
  readonly stepsPath: string;
  readonly storeUri: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly tell: (line: string) => void;
  /** A server answers at another port than before: whoever sends requests there must know. */
  readonly onMoved?: () => void;
  readonly signal: AbortSignal;
}

const LOOK_MS = 100;
/** Names a replica's own configuration, and by it its process. */
const CONFIG_VARIABLE = 'RATCHET_SERVE_CONFIG';
const BACKOFF_MS_MAX = 10_000;
/** A server that lived so long did not die of its start. */
const SOUND_MS = 30_000;
/** A process that was killed is gone a little before its port is. */
const PORT_MS_MAX = 3_000;

interface Waiting {
  startedMs: number;
  backoffMs: number;
  nextMs: number;
  /** Since when another program has its port; null: nobody has. */
  takenSinceMs: number | null;
}

/**
 * Keeps the model servers of all instances running: starts what is written down, starts again what died, ends what is
 * retired. Servers outlive it: killed, it finds them again by their identity, and nobody's requests are lost.
 */
export async function hostInstances(options: ServingHostOptions): Promise<void> {
  const waiting = new Map<string, Waiting>();
  const retiring = new Map<string, number>();
  while (!options.signal.aborted) {
    for (const instance of listInstanceFolders(options.servingFolder)) {
      try {
        if (instance.isRetired()) end(instance, retiring);
        else await keepRunning(instance, waiting, options);
      } catch (error) {
        options.tell(`${instance.name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Ends every server: where the whole stack is stopped. */
export async function endInstances(servingFolder: string, graceMs: number): Promise<void> {
  const running = (): ReplicaState[] =>
    listInstanceFolders(servingFolder).flatMap((instance) =>
      (instance.state()?.replicas ?? []).filter(({ process }) => process !== null && isRunning(process)),
    );
  for (const { process } of running()) signalGroup(process!.pid, 'SIGTERM');
  const killMs = performance.now() + graceMs;
  while (running().length > 0) {
    if (performance.now() > killMs) for (const { process } of running()) signalGroup(process!.pid, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function keepRunning(instance: InstanceFolder, waiting: Map<string, Waiting>, options: ServingHostOptions): Promise<void> {
  const spec = instance.spec();
  if (spec === null) return;
  const known = instance.state()?.replicas ?? [];
  const replicas: ReplicaState[] = [];
  let hasChanged = known.length !== spec.replicas;
  for (let index = 0; index < spec.replicas; index++) {
    const found = known[index] ?? { process: null, port: await quietPort(), restarts: 0 };
    const next = await keepReplica(instance, index, found, waiting, options);
    hasChanged ||= next !== found;
    replicas.push(next);
  }
  if (!hasChanged) return;
  instance.writeState(replicas);
  if (replicas.some(({ port }, index) => known[index] !== undefined && known[index].port !== port)) options.onMoved?.();
}

async function keepReplica(
  instance: InstanceFolder,
  index: number,
  replica: ReplicaState,
  waiting: Map<string, Waiting>,
  options: ServingHostOptions,
): Promise<ReplicaState> {
  if (replica.process !== null && isRunning(replica.process)) return replica;
  const name = `${instance.name}/${index}`;
  const nowMs = performance.now();
  const before = waiting.get(name) ?? { startedMs: nowMs, backoffMs: 0, nextMs: 0, takenSinceMs: null };
  if (nowMs < before.nextMs) return replica;
  // One that was started by a host which died before it could write that down still holds the port.
  killMarked(`${CONFIG_VARIABLE}=${instance.configFile(index)}`);
  const hasItsPort = await isFree(replica.port);
  const takenSinceMs = before.takenSinceMs ?? nowMs;
  if (!hasItsPort && nowMs - takenSinceMs < PORT_MS_MAX) {
    waiting.set(name, { ...before, takenSinceMs });
    return replica;
  }
  const backoffMs = nowMs - before.startedMs > SOUND_MS ? 0 : before.backoffMs;
  const nextBackoffMs = Math.min(BACKOFF_MS_MAX, Math.max(500, backoffMs * 2));
  waiting.set(name, { startedMs: nowMs, backoffMs: nextBackoffMs, nextMs: nowMs + backoffMs, takenSinceMs: null });
  const hasDied = replica.process !== null;
  if (hasDied) options.tell(`${name} ended; starting it again`);
  const port = hasItsPort ? replica.port : await quietPort();
  if (port !== replica.port) options.tell(`${name}: port ${replica.port} is taken by another program; it answers at ${port} from now on`);
  return { ...replica, port, process: start(instance, index, port, options), restarts: replica.restarts + (hasDied ? 1 : 0) };
}

function start(instance: InstanceFolder, index: number, port: number, options: ServingHostOptions): { pid: number; start: string } | null {
  const { name, model, version, artifact, features, rowsMax, keyHeader } = instance.spec()!;
  const logFolder = join(options.predictionsFolder, `${name}-${index}`);
  const config = {
    name,
    model,
    version,
    host: '127.0.0.1',
    port,
    artifact,
    artifactPath: instance.artifactFile,
    features,
    rowsMax,
    keyHeader,
    logFolder,
    storeUri: options.storeUri,
  };
  writeFileSync(instance.configFile(index), `${JSON.stringify(config)}\n`, { mode: 0o600 });
  const log = openSync(instance.logFile(index), 'a', 0o600);
  const child = spawn(options.python, ['-m', 'ratchet_serve'], {
    env: serverEnvironmentOf(options, instance.configFile(index)),
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.once('error', (error) => options.tell(`${name}: ${error.message}`));
  child.unref();
  return child.pid === undefined ? null : { pid: child.pid, start: processStart(child.pid) ?? '' };
}

/** Store credentials and the planted faults of examples travel; nothing else of ours. */
function serverEnvironmentOf({ environment, stepsPath }: ServingHostOptions, configFile: string): NodeJS.ProcessEnv {
  const passed = Object.entries(environment).filter(
    ([name]) => /^(AWS_|RATCHET_STORE_KMS_KEY_ID$)/.test(name) || name === 'RATCHET_SERVE_EXAMPLE_FAULTS',
  );
  return {
    ...serverEnvironment(environment),
    ...Object.fromEntries(passed),
    PYTHONPATH: stepsPath,
    [CONFIG_VARIABLE]: configFile,
    OMP_NUM_THREADS: '1',
  };
}

/** Asks its servers to end, and ends them where they do not in time; then its folder goes. */
function end(instance: InstanceFolder, retiring: Map<string, number>): void {
  const running = (instance.state()?.replicas ?? []).flatMap(({ process }) => (process !== null && isRunning(process) ? [process] : []));
  if (running.length === 0) {
    retiring.delete(instance.name);
    for (const index of (instance.state()?.replicas ?? []).keys()) killMarked(`${CONFIG_VARIABLE}=${instance.configFile(index)}`);
    return instance.remove();
  }
  const sinceMs = retiring.get(instance.name);
  if (sinceMs === undefined) {
    retiring.set(instance.name, performance.now());
    for (const { pid } of running) signalGroup(pid, 'SIGTERM');
  } else if (performance.now() - sinceMs > instance.retiredSeconds() * 1000) {
    for (const { pid } of running) signalGroup(pid, 'SIGKILL');
  }
}
