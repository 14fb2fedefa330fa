import { listModels, recordBatches } from '../../client/ledger-view.js';
import { countRecord, ledgerGauges, rememberRecord, type LedgerMemory } from '../../domain/decide/ledger-metrics.js';
import type { Sample } from '../../domain/metric-definitions.js';
import type { ObjectStore } from '../../ports/object-store.js';
import type { Meter } from './meter.js';

/**
 * Brings the metrics up to what the ledgers say; each record is read once. One model's trouble is not another's, and none
 * of it is ours to throw: what cannot be read is counted, and read the next time.
 */
export function createLedgerReading({ store, meter, now = Date.now }: { store: ObjectStore; meter: Meter; now?: () => number }) {
  const memories = new Map<string, LedgerMemory>();
  let readAtSeconds: number | null = null;
  return async function readLedgers(): Promise<void> {
    const isWhole = await readAll();
    if (isWhole) readAtSeconds = now() / 1000;
    const gauges = [...memories].flatMap(([model, memory]) => ledgerGauges(model, memory));
    const readAt: Sample[] =
      readAtSeconds === null ? [] : [{ name: 'ratchet_ledger_read_timestamp_seconds', labels: {}, value: readAtSeconds }];
    meter.replaceGauges('ledger', [...gauges, ...readAt]);
  };

  async function readAll(): Promise<boolean> {
    let isWhole = true;
    const models = await listModels(store).catch(() => null);
    if (models === null) meter.record({ name: 'ratchet_ledger_read_errors_total', labels: { model: '' }, value: 1 });
    for (const model of models ?? []) {
      try {
        await readOn(model);
      } catch {
        isWhole = false;
        meter.record({ name: 'ratchet_ledger_read_errors_total', labels: { model }, value: 1 });
      }
    }
    return isWhole && models !== null;
  }

  async function readOn(model: string): Promise<void> {
    let memory = memories.get(model) ?? null;
    for await (const batch of recordBatches(store, model, memory?.seq)) {
      for (const record of batch) {
        countRecord(memory, record).forEach(meter.record);
        memory = rememberRecord(memory, record);
        memories.set(model, memory);
      }
    }
  }
}
