import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { digestOf } from '../../../domain/digest.js';
import { InstanceSpec } from '../../../domain/serving.js';

const ReplicaState = z.strictObject({
  process: z.strictObject({ pid: z.number().int(), start: z.string() }).nullable(),
  port: z.number().int(),
  /** How often it died and was started again. */
  restarts: z.number().int(),
});
export type ReplicaState = z.infer<typeof ReplicaState>;
const InstanceState = z.strictObject({ replicas: z.array(ReplicaState) });

export type InstanceFolder = ReturnType<typeof instanceFolder>;

/**
 * Where an instance is written down: what it is to be (by whoever asks for it) and what runs (by the serving host). Files
 * are replaced in one step, so both may be read at any time.
 */
export function instanceFolder(root: string, name: string) {
  const folder = join(root, name);
  const [specFile, stateFile, retiredFile] = ['spec.json', 'state.json', 'retired.json'].map((file) => join(folder, file)) as [
    string,
    string,
    string,
  ];
  return {
    name,
    folder,
    artifactFile: join(folder, 'artifact'),
    logFile: (replica: number) => join(folder, `replica-${replica}.log`),
    configFile: (replica: number) => join(folder, `replica-${replica}.json`),
    spec: () => readJson(InstanceSpec, specFile),
    specDigest: () => digestOf(readJson(InstanceSpec, specFile)),
    state: () => readJson(InstanceState, stateFile),
    isRetired: () => existsSync(retiredFile),
    retiredSeconds: () => readJson(z.strictObject({ drainSeconds: z.number() }), retiredFile)?.drainSeconds ?? 0,
    writeSpec: (spec: InstanceSpec) => write(specFile, spec),
    writeState: (replicas: readonly ReplicaState[]) => write(stateFile, { replicas }),
    retire: (drainSeconds: number) => write(retiredFile, { drainSeconds }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };

  function write(file: string, document: unknown): void {
    mkdirSync(folder, { recursive: true });
    const next = `${file}.${process.pid}.next`;
    writeFileSync(next, `${JSON.stringify(document)}\n`, { mode: 0o600 });
    renameSync(next, file);
  }
}

/** The instances that are written down, retired ones included. */
export function listInstanceFolders(root: string): InstanceFolder[] {
  if (!existsSync(root)) return [];
  return readdirSync(root, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [instanceFolder(root, entry.name)] : []));
}

function readJson<T>(schema: z.ZodType<T>, file: string): T | null {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null; // not there yet, or of another version: then it is not ours
  }
}
