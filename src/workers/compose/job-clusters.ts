import { RatchetError } from '../../domain/failure.js';
import type { JobSpec } from '../../domain/job.js';
import type { TrainingCluster } from '../../domain/training-cluster.js';
import type { JobCluster } from '../../ports/job-cluster.js';
import type { JobPlaces } from './job-places.js';

export type OtherClusters = Partial<Record<Exclude<TrainingCluster['kind'], 'local'>, JobCluster>>;

/**
 * One cluster of several: a job goes where its spec says, and that one alone is asked about it: a worker that starts again
 * with thousands of watches asks no other. Where nobody knows its place all are asked, the local one first.
 */
export function joinJobClusters(local: JobCluster, others: OtherClusters, placeOf: JobPlaces): JobCluster {
  const all = [local, ...Object.values(others)];
  const submit: JobCluster['submit'] = async (spec, signal) => clusterFor(spec).submit(spec, signal);
  if (all.length === 1) return { ...local, submit };
  return {
    submit,
    async describe(name) {
      return (await holderOf(name)).describe(name);
    },
    async *watch(name, options) {
      yield* (await holderOf(name)).watch(name, options);
    },
    async stop(name) {
      await (await holderOf(name)).stop(name);
    },
    async logs(name, options) {
      return (await holderOf(name)).logs(name, options);
    },
    async listRunning(of) {
      const asked = of === undefined ? all : await clustersOf(of);
      return (await Promise.all(asked.map((cluster) => cluster.listRunning()))).flat();
    },
    async clearCheckpoints(place) {
      await Promise.all(all.map((cluster) => cluster.clearCheckpoints(place)));
    },
  };

  function clusterFor({ name, cluster }: JobSpec): JobCluster {
    if (cluster === undefined || cluster.kind === 'local') return local;
    const other = others[cluster.kind];
    if (other) return other;
    throw new RatchetError(
      'JobSpecInvalid',
      `job ${name}: trainer.cluster names ${cluster.kind}, expected a cluster that this worker knows`,
      {
        remedy: `set up ${cluster.kind} in the environment of every worker, or train with kind: local; then: ratchet retry`,
      },
    );
  }

  /** Those that a cycle can have jobs on: one that is away must not hold up the cycles of models that never train there. */
  async function clustersOf({ model, cycle }: { readonly model: string; readonly cycle: number }): Promise<JobCluster[]> {
    const place = await placeOf(`${model}-c${cycle}-train-a1`);
    if (place === 'local') return [local];
    const named = place && others[place];
    return named ? [local, named] : all;
  }

  /** A job that none of them has ever seen is the local one's to say so. */
  async function holderOf(name: string): Promise<JobCluster> {
    const place = await placeOf(name);
    const named = place === 'local' ? local : place && others[place];
    if (named) return named;
    for (const cluster of all) if ((await cluster.describe(name)) !== null) return cluster;
    return local;
  }
}
