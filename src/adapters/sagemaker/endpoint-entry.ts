import { instancesOfRoute } from '../../domain/route-fence.js';
import type { Route } from '../../domain/serving.js';
import { shortened } from './job-name.js';

const NAME_CHARS_MAX = 63;

/** What all variants of an endpoint have in common, as the version that came last wants it. */
export interface EndpointShape {
  /** How often CloudWatch is told. */
  readonly metricsSeconds: 10 | 30 | 60;
  /** Of the disks; absent: SageMaker's own. */
  readonly kmsKey?: string;
}

/** What an endpoint is to be: one entry of its log, which is one of its configurations. */
export interface EndpointEntry {
  readonly number: number;
  readonly shape: EndpointShape;
  /** Those that get requests or stand ready for them, in order of their names. */
  readonly variants: readonly VariantEntry[];
  /** Gets copies. SageMaker allows one, and then one variant beside it. */
  readonly shadow: VariantEntry | null;
  /** null: nobody was ever sent anywhere. */
  readonly asked: Route | null;
  /** What was asked for before, to be gone back to where this is refused. */
  readonly before: Route | null;
}

/** An instance and the machines under it. */
export interface VariantEntry {
  readonly name: string;
  readonly modelName: string;
  readonly machineType: string;
  readonly machines: number;
  readonly startSecondsMax: number;
}

export type NextEntry = Omit<EndpointEntry, 'number'>;

/** What an instance is called in its endpoint. */
export function variantName(instance: string): string {
  return shortened(instance, NAME_CHARS_MAX);
}

/** One more stands ready, without requests. null: it stands there already. Pure. */
export function withVariant(entry: EndpointEntry | null, added: VariantEntry, shape: EndpointShape): NextEntry | null {
  if (entry === null) return { shape, variants: [added], shadow: null, asked: null, before: null };
  return holdsVariant(entry, added.name) ? null : { ...entry, shape, variants: inOrder([...entry.variants, added]) };
}

/** null: the last one is gone. Pure. */
export function withoutVariant(entry: EndpointEntry, name: string): NextEntry | null {
  const variants = entry.variants.filter((variant) => variant.name !== name);
  return variants.length === 0 ? null : { ...entry, variants };
}

/**
 * A route asked for. Who got requests before stays and stands ready, so that the way back changes weights alone; only beside
 * a shadow nobody else may stand. Pure.
 *
 * @param known all instances of the route
 */
export function withRoute(
  entry: Pick<EndpointEntry, 'shape' | 'variants' | 'asked'>,
  route: Route,
  known: readonly VariantEntry[],
): NextEntry {
  const find = (instance: string): VariantEntry => known.find(({ name }) => name === variantName(instance))!;
  const wanted = route.splits.map(({ instance }) => find(instance));
  const others = route.mirror !== null ? [] : entry.variants.filter(({ name }) => !wanted.some((variant) => variant.name === name));
  return {
    shape: entry.shape,
    variants: inOrder([...others, ...wanted]),
    shadow: route.mirror === null ? null : find(route.mirror.instance),
    asked: route,
    before: entry.asked,
  };
}

export function holdsVariant({ variants, shadow }: Pick<EndpointEntry, 'variants' | 'shadow'>, name: string): boolean {
  return shadow?.name === name || variants.some((variant) => variant.name === name);
}

/** Percent of the requests, as asked; where nothing is, everything to the first. */
export function weightOf({ asked, variants }: Pick<EndpointEntry, 'asked' | 'variants'>, name: string): number {
  if (asked === null) return variants[0]?.name === name ? 100 : 0;
  return asked.splits.reduce((sum, { instance, weightPercent }) => sum + (variantName(instance) === name ? weightPercent : 0), 0);
}

/** Whether somebody is sent to it, or copies are. */
export function isRouted({ asked }: Pick<EndpointEntry, 'asked'>, name: string): boolean {
  return asked !== null && instancesOfRoute(asked).some((instance) => variantName(instance) === name);
}

function inOrder(variants: readonly VariantEntry[]): VariantEntry[] {
  return variants.toSorted((left, right) => (left.name < right.name ? -1 : 1));
}
