import { createEnvoyTrafficRouter } from '../../src/adapters/envoy/traffic-router.js';
import type { EnvoyTrafficRouter } from '../../src/adapters/envoy/traffic-router.js';
import { temporaryFolder } from '../temporary-folder.js';
import { startTestEnvoy } from './envoy.js';
import type { TestEnvoy } from './envoy.js';
import { startModelReplica } from './model-replica.js';
import type { ModelReplica } from './model-replica.js';

export interface RoutedModels {
  readonly envoy: TestEnvoy;
  readonly router: EnvoyTrafficRouter;
  /** instance → its replicas, of the version that its name says. */
  readonly replicas: Readonly<Record<string, readonly ModelReplica[]>>;
}

/** Envoy before instances with so many replicas each. */
export async function startRoutedModels(counts: Readonly<Record<string, number>>, folder = temporaryFolder()): Promise<RoutedModels> {
  const envoy = await startTestEnvoy(folder);
  const started = Object.entries(counts).map(async ([name, count]): Promise<[string, ModelReplica[]]> => [
    name,
    await Promise.all(Array.from({ length: count }, () => startModelReplica(name))),
  ]);
  const replicas = Object.fromEntries(await Promise.all(started));
  const addressesOf = (instance: string) => Promise.resolve((replicas[instance] ?? []).map(({ address }) => address));
  return { envoy, replicas, router: createEnvoyTrafficRouter({ ...envoy, addressesOf }) };
}
