import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parquetWriteBuffer } from 'hyparquet-writer';
import type { JobSpec } from '../../src/domain/job.js';
import type { ObjectStore } from '../../src/ports/object-store.js';

export const STEPS_FOLDER = fileURLToPath(new URL('../../steps', import.meta.url));
const trainerFiles = { 'train.py': './trainer/train.py', 'network.py': '../../examples/flight-lateness/network.py' };
const rows = 640;
const window = { start: '2013-01-01T00:00:00.000Z', end: '2013-02-01T00:00:00.000Z' };

/**
 * A training as a cycle orders it: the flights' network on a few rows, which lie in the store. Its specs differ in nothing that
 * decides the model.
 *
 * @param checkpoints where they lie, below whatever the cluster keeps them in
 */
export async function prepareTraining(store: ObjectStore, python: string, checkpoints: string) {
  const data = new Uint8Array(parquetWriteBuffer({ columnData: columns() }));
  const files = await Promise.all(
    Object.entries(trainerFiles).map(async ([path, from]) => ({
      path,
      digest: await store.put(readFileSync(fileURLToPath(new URL(from, import.meta.url)))),
    })),
  );
  const input = {
    stage: 'train',
    datasetDigest: await store.put(Buffer.from('a dataset')),
    files: [{ part: 'train', digest: await store.put(data), bytes: data.byteLength, rows, window }],
    features: [{ name: 'distance', type: 'number', nullable: false }],
    label: { column: 'late', delayHours: 0, policy: 'independent' },
    timeColumn: 'time',
    config: { epochs: 40, batchRows: 32, checkpointSeconds: 0.5 },
    seed: 7,
    environment: {},
  };
  /** @param stepSeconds each of its 800 steps takes longer by this */
  return (attempt: number, stepSeconds: number, cluster?: JobSpec['cluster']): JobSpec => ({
    name: `flights-c1-train-a${attempt}`,
    model: 'flights',
    cycle: 1,
    stage: 'train',
    attempt,
    command: [python, 'train.py'],
    files,
    input,
    environment: { STEP_SECONDS: String(stepSeconds), PYTHONPATH: STEPS_FOLDER },
    resources: { cpus: 0.5, memoryMiB: 1024, gpus: 0 },
    timeLimitSeconds: 600,
    graceSeconds: 60,
    checkpoints,
    ...(cluster !== undefined && { cluster }),
  });
}

function columns() {
  const distances = Array.from({ length: rows }, (_, row) => ((row * 7919) % 1000) / 100);
  return [
    { name: 'distance', data: distances, type: 'DOUBLE' as const },
    { name: 'late', data: distances.map((distance, row) => (distance + (row % 3) > 6 ? 1 : 0)), type: 'DOUBLE' as const },
    { name: 'time', data: distances.map((_, row) => new Date(Date.UTC(2013, 0, 1 + (row % 28)))), type: 'TIMESTAMP' as const },
  ];
}
