import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { digestOf } from '../../../domain/digest.js';
import { RatchetError } from '../../../domain/failure.js';
import type { FeatureRow, Instance, InstanceSpec } from '../../../domain/serving.js';
import type { ObjectStore } from '../../../ports/object-store.js';
import type { Serving } from '../../../ports/serving.js';
import { lastLine } from '../../../domain/job-words.js';
import { askAt, inferOn } from '../../infer.js';
import { readJobLog } from '../job-log.js';
import { isRunning } from '../process-identity.js';
import { instanceFolder, listInstanceFolders, type InstanceFolder } from './instance-folder.js';

export interface LocalServingOptions {
  /** `<home>/serving`: shared with the serving host, which runs what is written there. */
  readonly servingFolder: string;
  readonly store: ObjectStore;
}

const LOOK_MS = 50;
/** A server that died so often while it started will not get ready. */
const DEATHS_MAX = 3;
/** The proxy's threads hear of a new route a little after it is in force: nobody is sent to the old one after this. */
const ROUTE_SETTLE_MS = 300;
const HEALTH_MS = 2000;

/** Instances as processes of this machine. What is to run is written down; the serving host runs it. */
export function createLocalServing({ servingFolder, store }: LocalServingOptions): Serving {
  return { prepare, ask, describe, list, retire };

  async function prepare(spec: InstanceSpec, signal: AbortSignal): Promise<Instance> {
    const instance = instanceFolder(servingFolder, spec.name);
    const untilMs = performance.now() + spec.readySecondsMax * 1000;
    while (instance.isRetired()) await waitFor('its servers of before to have ended', spec, untilMs, signal); // asked for again
    const found = instance.spec();
    if (found !== null && digestOf(found) !== digestOf(spec)) {
      throw new RatchetError('InstanceConflict', `instance ${spec.name}: expected the same spec as the one that runs, found another`, {
        remedy: 'serving, or the features of the model file, changed while it ran: a new cycle has a name of its own',
      });
    }
    if (found === null) {
      mkdirSync(instance.folder, { recursive: true });
      const next = `${instance.artifactFile}.${process.pid}.next`;
      writeFileSync(next, await store.getByDigest(spec.artifact.digest));
      renameSync(next, instance.artifactFile);
      instance.writeSpec(spec);
    }
    const restartsBefore = instance.state()?.replicas.map(({ restarts }) => restarts) ?? [];
    while (!(await isReady(instance, spec))) {
      const dead =
        instance.state()?.replicas.findIndex(({ restarts }, index) => restarts - (restartsBefore[index] ?? 0) >= DEATHS_MAX) ?? -1;
      if (dead >= 0) throw notReady(instance, spec, `its server ${dead + 1} died ${DEATHS_MAX} times`, dead);
      await waitFor('its servers to answer', spec, untilMs, signal, instance);
    }
    return (await describe(spec.name))!;
  }

  async function waitFor(what: string, spec: InstanceSpec, untilMs: number, signal: AbortSignal, instance?: InstanceFolder): Promise<void> {
    signal.throwIfAborted();
    if (performance.now() < untilMs) return sleep(LOOK_MS);
    const isHosted = instance === undefined || instance.state() !== null;
    if (!isHosted) throw notReady(instance, spec, 'nobody runs model servers here: is `ratchet up` running with serving?', 0);
    throw notReady(instance ?? instanceFolder(servingFolder, spec.name), spec, `waited ${spec.readySecondsMax} s for ${what}`, 0);
  }

  async function ask(name: string, rows: readonly FeatureRow[], signal: AbortSignal): Promise<number[][]> {
    const spec = instanceFolder(servingFolder, name).spec();
    if (spec === null) throw new RatchetError('ServingUnavailable', `instance ${name}: expected it to run, found none`);
    return Promise.all(addressesOf(name).map((address) => inferOn(askAt(address), spec, rows, signal)));
  }

  async function describe(name: string): Promise<Instance | null> {
    const instance = instanceFolder(servingFolder, name);
    const spec = instance.spec();
    if (spec === null || instance.isRetired()) return null;
    const replicas = (instance.state()?.replicas ?? []).map(({ process, port, restarts }) => ({
      address: `127.0.0.1:${port}`,
      ready: process !== null && isRunning(process),
      restarts,
    }));
    return { name, model: spec.model, version: spec.version, specDigest: digestOf(spec), replicas };
  }

  async function list(model: string): Promise<Instance[]> {
    const all = await Promise.all(listInstanceFolders(servingFolder).map(({ name }) => describe(name)));
    return all.filter((instance) => instance !== null && instance.model === model) as Instance[];
  }

  async function retire(name: string, drainSeconds: number): Promise<void> {
    const instance = instanceFolder(servingFolder, name);
    if (!existsSync(instance.folder)) return;
    await sleep(ROUTE_SETTLE_MS);
    instance.retire(drainSeconds);
    const untilMs = performance.now() + drainSeconds * 1000 + 5000;
    while (existsSync(instance.folder) && performance.now() < untilMs) await sleep(LOOK_MS); // else the host ends them when it runs
  }

  function addressesOf(name: string): string[] {
    return (instanceFolder(servingFolder, name).state()?.replicas ?? []).map(({ port }) => `127.0.0.1:${port}`);
  }
}

async function isReady(instance: InstanceFolder, spec: InstanceSpec): Promise<boolean> {
  const replicas = instance.state()?.replicas ?? [];
  if (replicas.length !== spec.replicas || replicas.some(({ process }) => process === null || !isRunning(process))) return false;
  return (await Promise.all(replicas.map(({ port }) => isHealthy(port)))).every(Boolean);
}

async function isHealthy(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/v2/health/ready`, { signal: AbortSignal.timeout(HEALTH_MS) })).ok;
  } catch {
    return false;
  }
}

function notReady(instance: InstanceFolder, spec: InstanceSpec, why: string, replica: number): RatchetError {
  const words = lastLine(readJobLog(instance.logFile(replica), 4096)) || 'it said nothing';
  return new RatchetError('InstanceNotReady', `${spec.version}: expected its servers to be ready, found that ${why}: ${words}`, {
    remedy: `look at ${instance.logFile(replica)}; a slow start needs a greater serving.readySecondsMax`,
  });
}
