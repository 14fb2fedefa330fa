import { listModels } from '../../client/ledger-view.js';
import { lastWindows } from '../../client/monitor-handle.js';
import { monitorMetrics } from '../../domain/decide/monitor/monitor-metrics.js';
import type { Sample } from '../../domain/metric-definitions.js';
import type { ObjectStore } from '../../ports/object-store.js';
import type { Meter } from './meter.js';

/** Brings the metrics up to what the last window of each model found. One model's trouble is not another's: its last values stay. */
export function createMonitoringReading({ store, meter }: { store: ObjectStore; meter: Meter }) {
  const known = new Map<string, Sample[]>();
  return async function readMonitoring(): Promise<void> {
    for (const model of await listModels(store).catch(() => [])) {
      const [last] = await lastWindows(store, model, 1).catch(() => []);
      if (last !== undefined) known.set(model, monitorMetrics(last));
    }
    meter.replaceGauges('monitor', [...known.values()].flat());
  };
}
