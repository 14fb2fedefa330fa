import { join } from 'node:path';
import { createAbsentServing } from '../../adapters/absent/serving.js';
import { createEnvoyTrafficRouter } from '../../adapters/envoy/traffic-router.js';
import { createLocalLabelReader } from '../../adapters/local/label-reader.js';
import { createLocalMetricSource } from '../../adapters/local/metric-source.js';
import { createLocalServing } from '../../adapters/local/serving/serving.js';
import type { WorkerConfig } from '../../config/worker-config.js';
import type { AlarmSource } from '../../ports/alarm-source.js';
import type { LabelReader } from '../../ports/label-reader.js';
import type { MetricSource } from '../../ports/metric-source.js';
import type { ObjectStore } from '../../ports/object-store.js';
import type { Serving } from '../../ports/serving.js';
import type { TrafficRouter } from '../../ports/traffic-router.js';

export type LocalServingConfig = Pick<WorkerConfig, 'home' | 'traffic' | 'pythonBin' | 'stepsPath'>;

export interface ServingPorts {
  readonly serving: Serving;
  readonly router: TrafficRouter;
  readonly metrics: MetricSource;
  readonly labels: LabelReader;
  /** Absent: this worker knows none. */
  readonly alarms?: AlarmSource;
}

/** Model servers, proxy and metrics of this machine, where there is a proxy. */
export function openLocalServing({ home, traffic, pythonBin, stepsPath }: LocalServingConfig, store: ObjectStore): ServingPorts {
  if (traffic === null)
    return createAbsentServing('this worker knows no proxy: start it with `ratchet up`, without --no-serving, where there is Envoy');
  const serving = createLocalServing({ servingFolder: join(home, 'serving'), store });
  const adminUrl = `http://127.0.0.1:${traffic.adminPort}`;
  const addressesOf = addressesBy(serving);
  return {
    serving,
    router: createEnvoyTrafficRouter({
      folder: join(home, 'envoy'),
      adminUrl,
      url: `http://127.0.0.1:${traffic.port}`,
      addressesOf,
      logFile: join(home, 'logs', 'envoy.log'),
    }),
    metrics: createLocalMetricSource({ adminUrl, replicasOf: addressesOf }),
    labels: createLocalLabelReader({ pythonBin, stepsPath, storeUri: store.uri }),
  };
}

/** host:port of each of an instance's servers. */
export function addressesBy(serving: Serving): (instance: string) => Promise<string[]> {
  return async (instance) => (await serving.describe(instance))?.replicas.map(({ address }) => address) ?? [];
}
