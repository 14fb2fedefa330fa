import { briefActivities } from './activity-proxies.js';
import { failureOf } from './workflow-failure.js';

/** Compares ledger, router and registry of every model; started each minute and with each worker. One model's trouble is not another's. */
export async function reconcileModels(): Promise<string[]> {
  const models = await briefActivities('which models there are').listModels();
  const found: string[] = [];
  for (const model of models) {
    try {
      const reconciled = await briefActivities(`compare ${model} with its ledger`).reconcileModel({ model });
      found.push(...reconciled.found.map((line) => `${model}: ${line}`));
    } catch (error) {
      found.push(`${model}: could not be compared: ${failureOf(error).message}`);
    }
  }
  return found.slice(0, 100);
}
