import type { ListKeys } from './ledger-head.js';
import { ModelName } from './model-spec.js';

/**
 * Names of all models that have a folder in `ledger/`, in the store's order: one question each, however long its ledger.
 *
 * What else people leave there (a note, an archive, a folder whose name is no model's) is passed over.
 */
export async function findModels(list: ListKeys): Promise<string[]> {
  const models: string[] = [];
  for (let startAfter: string | undefined; ;) {
    const [key] = await list('ledger/', { limit: 1, ...(startAfter === undefined ? {} : { startAfter }) });
    if (key === undefined) return models;
    const folder = /^ledger\/([^/]+)\//.exec(key)?.[1];
    if (ModelName.safeParse(folder).success) models.push(folder!);
    // "0" is the character after "/": whatever lies in the folder is before it, however it is named and ordered.
    startAfter = folder === undefined ? key : `ledger/${folder}0`;
  }
}
