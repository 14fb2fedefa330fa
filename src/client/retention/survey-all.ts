import type { ObjectStore } from '../../ports/object-store.js';
import { listModels, readHead } from '../ledger-view.js';
import { surveyData, type SurveyedModel } from './survey-data.js';

const BATCH = 32;

/** Of every model of the store, whichever is asked about: content is shared. @throws {RatchetError} as surveyData */
export async function surveyAll(store: ObjectStore): Promise<SurveyedModel[]> {
  const survey: SurveyedModel[] = [];
  for (const model of await listModels(store)) survey.push(await surveyData(store, model));
  return survey;
}

/** Whether no ledger has grown since. */
export async function isCurrent(store: ObjectStore, survey: readonly SurveyedModel[]): Promise<boolean> {
  const models = await listModels(store);
  if (models.length !== survey.length) return false;
  const heads = await Promise.all(models.map((model) => readHead(store, model)));
  return survey.every(({ data, seq }, index) => models[index] === data.model && heads[index]?.seq === seq);
}

export function* batches<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += BATCH) yield items.slice(start, start + BATCH);
}
