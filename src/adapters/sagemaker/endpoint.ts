import type { SageMaker } from '@aws-sdk/client-sagemaker';
import { RatchetError } from '../../domain/failure.js';
import { bringEndpoint } from './bring-endpoint.js';
import type { BringOptions } from './bring-endpoint.js';
import { askingFor, endpointApi } from './endpoint-api.js';
import type { SeenEndpoint } from './endpoint-api.js';
import type { EndpointEntry, NextEntry } from './endpoint-entry.js';
import { endpointLog } from './endpoint-log.js';
import type { AskedFor } from './sagemaker-error.js';

export interface EndpointTimes {
  /** So long SageMaker may take to bring an endpoint where it was asked to: machines, image, blue and green. */
  readonly waitMsMax: number;
  readonly lookMs: number;
}

/** Looks so often that an account's limits are far; SageMaker's own changes take minutes. */
export const patient: EndpointTimes = { waitMsMax: 1_800_000, lookMs: 5000 };

const TRIES_MAX = 20;

export type Endpoint = ReturnType<typeof openEndpoint>;

/** A model's endpoint: its log, and what brings it there. */
export function openEndpoint(
  client: () => Promise<SageMaker>,
  name: string,
  { asked, times, tags }: { asked: AskedFor; times: EndpointTimes; tags: Readonly<Record<string, string>> },
) {
  const ask = askingFor(client, asked);
  const [api, log] = [endpointApi(ask, name), endpointLog(ask, name)];
  return { name, describe: api.describe, newest: log.newest, change, bring, removeWhole };

  /**
   * Writes what is to be.
   * @param decide what follows the newest entry; null: nothing is to be changed
   * @throws {RatchetError} what `decide` throws; unavailable where others are always quicker
   */
  async function change(decide: (newest: EndpointEntry | null) => NextEntry | null): Promise<void> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const newest = await log.newest();
      const next = decide(newest);
      if (next === null || (await log.append(newest, next)) !== null) return;
    }
    throw new RatchetError(asked.unavailable, `endpoint ${name}: expected to be first within ${TRIES_MAX} tries, found others each time`);
  }

  /** @throws {EndpointGaveUp} */
  function bring(options: Pick<BringOptions, 'signal' | 'check'> = {}): Promise<SeenEndpoint | null> {
    return bringEndpoint(name, log, api, { ...options, ...times, tags, unavailable: asked.unavailable });
  }

  /** Endpoint and log: as if there had never been one. */
  async function removeWhole(): Promise<void> {
    await log.removeAll();
    await api.remove();
  }
}
