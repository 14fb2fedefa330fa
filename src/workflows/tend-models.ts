import { isCancellation } from '@temporalio/workflow';
import { noticeActivities, tendActivities } from './activity-proxies.js';
import { failureOf, inWords } from './workflow-failure.js';

/** So many models at a time: one whose store is away for hours keeps no other waiting for its turn. */
const AT_ONCE = 4;

/** Tends the logs of every model that says so; started once a day. One model's trouble is not another's, and people are told of it. */
export async function tendModels(): Promise<string[]> {
  const models = await tendActivities('which models there are').listModels();
  const failed: string[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < models.length) {
      const model = models[next++]!;
      const words = await tend(model);
      if (words !== null) failed.push(`${model}: ${words}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return failed.slice(0, 100);
}

/** @returns why it could not be done; null: it is, or need not be */
async function tend(model: string): Promise<string | null> {
  const at = new Date().toISOString();
  try {
    await tendActivities(`tend the logs of ${model}`).tendLogs({ model, at });
    return null;
  } catch (error) {
    if (isCancellation(error)) throw error;
    const words = inWords(failureOf(error));
    await tell(model, at.slice(0, 10), words);
    return words;
  }
}

async function tell(model: string, date: string, words: string): Promise<void> {
  await noticeActivities('tell people')
    .notifyPeople({
      id: `${model}/logs/${date}`,
      model,
      event: 'monitor',
      severity: 'action',
      title: `${model}: its logs were not tended`,
      text: `What is past its retention is still there, and ended hours are still in many files: ${words}\nratchet gc ${model}`,
      to: [],
    })
    .catch(() => undefined);
}
