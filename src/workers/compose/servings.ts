import { RatchetError } from '../../domain/failure.js';
import type { InstanceSpec } from '../../domain/serving.js';
import type { MetricSource } from '../../ports/metric-source.js';
import type { Serving } from '../../ports/serving.js';

/** Where servers may run besides this machine, and what counts their requests there. */
export interface ServingPlace {
  readonly serving: Serving;
  readonly metrics: MetricSource;
}

type Kind = NonNullable<InstanceSpec['cluster']>['kind'];
export type ServingPlaces = Partial<Record<Kind, ServingPlace>>;

const setting: Record<Kind, string> = {
  kubernetes: 'RATCHET_KUBERNETES_SERVING_NAMESPACES',
  sagemaker: 'RATCHET_SAGEMAKER_SERVING_ROLE_ARN',
};

/**
 * One of several: an instance runs where its spec says, and is found wherever it is. This machine is asked first, which costs
 * nothing and needs no network; a model does not move, so one with servers here has none elsewhere.
 */
export function joinServings(local: Serving, places: ServingPlaces): Serving {
  const others = Object.values(places).map(({ serving }) => serving);
  return {
    async prepare(spec, signal) {
      if (spec.cluster === undefined) return local.prepare(spec, signal);
      const { kind } = spec.cluster;
      const place = places[kind];
      if (place !== undefined) return place.serving.prepare(spec, signal);
      throw new RatchetError('InstanceNotReady', `instance ${spec.name}: serving.cluster names ${kind}, this worker knows none`, {
        remedy: `set ${setting[kind]} in the environment of every worker, then: ratchet retry`,
      });
    },
    ask: async (name, rows, signal) => (await holderOf(name)).ask(name, rows, signal),
    describe: async (name) => (await local.describe(name)) ?? firstOf(others, (other) => other.describe(name)),
    async list(model) {
      const here = await local.list(model);
      if (here.length > 0) return here;
      return (await firstOf(others, async (other) => unlessEmpty(await other.list(model)))) ?? [];
    },
    retire: async (name, drainSeconds) => (await holderOf(name)).retire(name, drainSeconds),
  };

  /** What nobody knows is said by the one place beside this machine, or by this machine. */
  async function holderOf(name: string): Promise<Serving> {
    if (others.length === 0 || (await local.describe(name)) !== null) return local;
    if (others.length === 1) return others[0]!;
    return (await firstOf(others, async (other) => ((await other.describe(name)) === null ? null : other))) ?? local;
  }
}

/** The counts of a model's arms come from where its servers are, all of them from one place. */
export function joinMetricSources(local: ServingPlace, places: ServingPlaces): MetricSource {
  const others = Object.values(places);
  return {
    async read(instances, unit, signal) {
      const names = Object.values(instances);
      const holds = async ({ serving }: ServingPlace): Promise<boolean> =>
        (await Promise.all(names.map((name) => serving.describe(name)))).some((instance) => instance !== null);
      if (others.length === 0 || (await holds(local))) return local.metrics.read(instances, unit, signal);
      const place = others.length === 1 ? others[0]! : await firstOf(others, async (other) => ((await holds(other)) ? other : null));
      return (place ?? local).metrics.read(instances, unit, signal);
    },
  };
}

/** The first that is not null. A place that cannot be asked matters only where no other one has it. @throws what asking it threw */
async function firstOf<Place, Found>(places: readonly Place[], ask: (place: Place) => Promise<Found | null>): Promise<Found | null> {
  const failures: unknown[] = [];
  for (const place of places) {
    const found = await ask(place).catch((error: unknown) => {
      failures.push(error);
      return null;
    });
    if (found !== null) return found;
  }
  if (failures.length > 0) throw failures[0];
  return null;
}

function unlessEmpty<Item>(list: readonly Item[]): readonly Item[] | null {
  return list.length === 0 ? null : list;
}
