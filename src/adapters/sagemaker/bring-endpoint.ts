import { setTimeout as sleep } from 'node:timers/promises';
import { RatchetError } from '../../domain/failure.js';
import type { FailureType } from '../../domain/failure.js';
import type { endpointApi, SeenEndpoint, SeenVariant } from './endpoint-api.js';
import { EndpointGaveUp } from './endpoint-failure.js';
import { weightOf } from './endpoint-entry.js';
import type { EndpointEntry } from './endpoint-entry.js';
import type { endpointLog } from './endpoint-log.js';

export interface BringOptions {
  readonly signal?: AbortSignal;
  readonly waitMsMax: number;
  readonly lookMs: number;
  readonly tags: Readonly<Record<string, string>>;
  /** What it is called where the time is over. */
  readonly unavailable: FailureType;
  /** Throws where the newest entry is not what the caller is after any more. */
  readonly check?: (newest: EndpointEntry) => void;
}

/** Weights are shares: they are compared as percent, as precisely as SageMaker keeps them. */
const WEIGHT_PRECISION = 0.01;

/**
 * Brings an endpoint to what the newest entry of its log says, whoever wrote that: one that wakes up late and overwrites newer
 * weights puts them right before it answers. While SageMaker changes an endpoint it takes no other change: that is waited for.
 *
 * @throws {EndpointGaveUp} SageMaker could not. @throws {RatchetError} the time is over; what `check` throws
 */
export async function bringEndpoint(
  endpoint: string,
  log: ReturnType<typeof endpointLog>,
  api: ReturnType<typeof endpointApi>,
  options: BringOptions,
): Promise<SeenEndpoint | null> {
  const { signal, waitMsMax, lookMs, check, tags } = options;
  const untilMs = performance.now() + waitMsMax;
  const tried = new Set<string>();
  let hasWritten = false;
  for (let seen: SeenEndpoint | null; ; await sleep(lookMs, undefined, signal && { signal })) {
    signal?.throwIfAborted();
    const newest = await log.newest();
    if (newest === null) return null; // its last instance was retired
    if (!hasWritten) check?.(newest);
    seen = await api.describe();
    const wasPruned = await log.prune(newest.number, seen?.configName ?? null);
    const config = log.nameOf(newest.number);
    const step = nextStep(newest, seen);
    if (step.kind === 'done' && !wasPruned) {
      check?.(newest);
      return seen;
    }
    if (performance.now() > untilMs)
      throw new RatchetError(
        options.unavailable,
        `endpoint ${endpoint}: expected SageMaker to bring it to ${config} within ${waitMsMax / 1000} s, found it ${seen?.status ?? 'missing'}`,
        { remedy: 'nothing where it passes; else look at the endpoint in SageMaker' },
      );
    const isTried = tried.has(config);
    switch (step.kind) {
      case 'create':
        if (await api.create(config, tags)) tried.add(config);
        break;
      case 'update':
        if (isTried) throw new EndpointGaveUp(config, seen!.failureReason);
        if (await api.update(config)) tried.add(config);
        break;
      case 'weights':
        await api.setWeights(step.weights);
        hasWritten = true;
        break;
      case 'replace':
        await api.remove();
        if (isTried || seen!.configName === config) throw new EndpointGaveUp(config, seen!.failureReason);
        break;
      case 'done':
      case 'wait':
        break;
    }
  }
}

type Step =
  | { readonly kind: 'create' | 'update' | 'replace' | 'wait' | 'done' }
  | { readonly kind: 'weights'; readonly weights: Readonly<Record<string, number>> };

/** What is to be done next. Weights first: whoever is to be taken away has no requests then. Pure. */
export function nextStep(newest: EndpointEntry, seen: SeenEndpoint | null): Step {
  if (seen === null) return { kind: 'create' };
  if (seen.status === 'Failed' || seen.status === 'OutOfService') return { kind: 'replace' };
  if (seen.status !== 'InService' && seen.status !== 'UpdateRollbackFailed') return { kind: 'wait' };
  const weights = Object.fromEntries(seen.variants.map(({ name }) => [name, weightOf(newest, name)]));
  const sum = Object.values(weights).reduce((total, weight) => total + weight, 0);
  // 100: all who are to have requests stand there.
  if (newest.asked !== null && sum === 100 && !hasShares(seen.variants, weights)) return { kind: 'weights', weights };
  return hasVariants(newest, seen) ? { kind: 'done' } : { kind: 'update' };
}

function hasVariants({ variants, shadow }: EndpointEntry, seen: SeenEndpoint): boolean {
  const names = (all: readonly { readonly name: string }[]): string =>
    all
      .map(({ name }) => name)
      .sort()
      .join(' ');
  return names(variants) === names(seen.variants) && names(shadow ? [shadow] : []) === names(seen.shadows);
}

function hasShares(variants: readonly SeenVariant[], percents: Readonly<Record<string, number>>): boolean {
  const sum = variants.reduce((total, { weight }) => total + weight, 0);
  return sum > 0 && variants.every(({ name, weight }) => Math.abs((weight / sum) * 100 - percents[name]!) < WEIGHT_PRECISION);
}
