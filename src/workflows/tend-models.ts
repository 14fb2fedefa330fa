import { noticeActivities, briefActivities, tendActivities } from './activity-proxies.js';
import { failureOf, inWords } from './workflow-failure.js';

/** Tends the logs of every model that says so; started once a day. One model's trouble is not another's, and people are told of it. */
export async function tendModels(): Promise<string[]> {
  const models = await briefActivities('which models there are').listModels();
  const failed: string[] = [];
  for (const model of models) {
    const at = new Date().toISOString();
    try {
      await tendActivities(`tend the logs of ${model}`).tendLogs({ model, at });
    } catch (error) {
      const words = inWords(failureOf(error));
      failed.push(`${model}: ${words}`);
      await tell(model, at.slice(0, 10), words);
    }
  }
  return failed.slice(0, 100);
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
