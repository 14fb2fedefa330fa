import type { RuntimeOptions } from '@temporalio/worker';
import { isFree } from '../../adapters/local/servers/loopback-port.js';
import { socketText, type SocketAddress } from '../../config/socket-address.js';
import type { WorkerConfig } from '../../config/worker-config.js';
import { openObjectStore } from '../open-object-store.js';
import type { Meter } from './meter.js';
import { serveMetrics, type MetricsServer } from './metrics-server.js';
import { createLedgerReading } from './read-ledgers.js';
import { createMonitoringReading } from './read-monitoring.js';

type Tell = (line: string) => void;

/** Where the Temporal SDK shows its metrics. An address that is taken must not keep the worker from its work: then nowhere. */
export async function sdkMetrics(address: SocketAddress | null, tell: Tell): Promise<NonNullable<RuntimeOptions['telemetryOptions']>> {
  if (address === null) return {};
  if (!(await isFree(address.port, address.host))) {
    tell(`the metrics of the Temporal SDK are shown nowhere: ${socketText(address)} is taken`);
    return {};
  }
  return { metrics: { prometheus: { bindAddress: socketText(address), useSecondsForDurations: true } } };
}

/** Shows our metrics; null: at no address, or one that cannot be had, which is told and keeps nobody from working. */
export async function showMetrics(
  { metricsAddress, storeUri }: Pick<WorkerConfig, 'metricsAddress' | 'storeUri'>,
  meter: Meter,
  tell: Tell,
): Promise<MetricsServer | null> {
  if (metricsAddress === null) return null;
  const store = openObjectStore(storeUri);
  const reads = [createLedgerReading({ store, meter }), createMonitoringReading({ store, meter })];
  const readLedgers = async (): Promise<void> => void (await Promise.all(reads.map((read) => read())));
  try {
    return await serveMetrics({ address: metricsAddress, meter, readLedgers });
  } catch (error) {
    tell(`metrics are shown nowhere: ${socketText(metricsAddress)}: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}
