import { RatchetError } from '../../domain/failure.js';
import type { MetricSource } from '../../ports/metric-source.js';
import type { Serving } from '../../ports/serving.js';

/**
 * One of two: an instance runs where its spec says, and is found wherever it is. This machine is asked first, which costs
 * nothing and needs no network; a model does not move, so one with servers here has none elsewhere.
 */
export function joinServings(local: Serving, kubernetes: Serving | null): Serving {
  return {
    async prepare(spec, signal) {
      if (spec.cluster === undefined) return local.prepare(spec, signal);
      if (kubernetes !== null) return kubernetes.prepare(spec, signal);
      throw new RatchetError('InstanceNotReady', `instance ${spec.name}: serving.cluster names kubernetes, this worker knows none`, {
        remedy: 'set RATCHET_KUBERNETES_SERVING_NAMESPACES in the environment of every worker, then: ratchet retry',
      });
    },
    ask: async (name, rows, signal) => (await holderOf(name)).ask(name, rows, signal),
    describe: async (name) => (await local.describe(name)) ?? (await kubernetes?.describe(name)) ?? null,
    async list(model) {
      const here = await local.list(model);
      return here.length > 0 || kubernetes === null ? here : kubernetes.list(model);
    },
    retire: async (name, drainSeconds) => (await holderOf(name)).retire(name, drainSeconds),
  };

  async function holderOf(name: string): Promise<Serving> {
    return kubernetes === null || (await local.describe(name)) !== null ? local : kubernetes;
  }
}

/** The counts of a model's arms come from where its servers are, all of them from one place. */
export function joinMetricSources(local: MetricSource, elsewhere: MetricSource | null, serving: Pick<Serving, 'describe'>): MetricSource {
  return {
    async read(instances, unit, signal) {
      if (elsewhere === null) return local.read(instances, unit, signal);
      const found = await Promise.all(Object.values(instances).map((name) => serving.describe(name)));
      return (found.some((instance) => instance !== null) ? local : elsewhere).read(instances, unit, signal);
    },
  };
}
