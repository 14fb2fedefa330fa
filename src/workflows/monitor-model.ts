import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { CancellationScope, patched, setCurrentDetails, sleep, workflowInfo } from '@temporalio/workflow';
import type { PauseOutcome, PlannedWindow } from '../activities/monitor-activities.js';
import { nextAttempt } from '../domain/decide/next-attempt.js';
import type { LedgerBody } from '../domain/ledger.js';
import type { MonitoredWindow } from '../domain/monitoring.js';
import type { Notice } from '../domain/notice.js';
import { longActivities, noticeActivities, shortActivities, submitActivities, watchActivities } from './activity-proxies.js';
import { refuseStrangeStart } from './message-shape.js';
import { lifecycleWorkflowId, TASK_QUEUE, type MonitorModelInput, type MonitorModelResult } from './messages.js';
import { failureOf, inWords } from './workflow-failure.js';

const TemporalScheduledStartTime = defineSearchAttributeKey('TemporalScheduledStartTime', SearchAttributeType.DATETIME);
type Answer = MonitoredWindow['answers'][number];

const LIMITS = { attemptsMax: 3, memoryMiB: 1, memoryMiBMax: 2 };
const JOB_SECONDS_MAX = 3600;

/**
 * Looks at one window of what a model answered: measures, judges, keeps what was found, and does what the spec says about it.
 * The window follows from the time it was started for, so whoever asks again works on, or finds, the same one.
 */
export async function monitorModel(input: MonitorModelInput): Promise<MonitorModelResult> {
  refuseStrangeStart({ isInput: typeof input?.model === 'string', input: '{"model": <name>}' });
  const { model, windowHours = null, requestedBy } = input;
  const { typedSearchAttributes, startTime } = workflowInfo();
  const at = (typedSearchAttributes.get(TemporalScheduledStartTime) ?? startTime).toISOString();
  const planned = await plan(model, at, windowHours);
  if (planned === null) return { model, window: null, documentDigest: null, findings: [], done: ['no version is in force yet'] };
  try {
    const documentDigest = planned.isJudged ? null : await measure(model, planned);
    const { planDigest } = planned;
    const scheduled = requestedBy === undefined;
    const judged = await longActivities('judge the window').judgeWindow({ model, planDigest, documentDigest, scheduled });
    const done = await answer(judged, planned.owner);
    setCurrentDetails(
      [...judged.findings.map(({ kind, state, sentence }) => `- **${kind}** ${state}: ${sentence}`), '', ...done].join('\n'),
    );
    return { model, window: judged.window, documentDigest: judged.documentDigest, findings: judged.findings, done };
  } catch (error) {
    await tellOfFailure(model, { end: planned.window.end, to: [planned.owner] }, inWords(failureOf(error)));
    throw error;
  }
}

/** A spec or a ledger that cannot be read keeps every window from being looked at: nobody may take that for a quiet week. */
async function plan(model: string, at: string, windowHours: number | null): Promise<PlannedWindow | null> {
  try {
    return await longActivities('fix the window and what it is judged by').planMonitoring({ model, at, windowHours });
  } catch (error) {
    await tellOfFailure(model, { end: at, to: [] }, inWords(failureOf(error)));
    throw error;
  }
}

/** Runs the window's job to its document. However this ends, no job is left running. */
async function measure(model: string, { planDigest, watchHeartbeatSeconds }: PlannedWindow): Promise<string> {
  for (let current = { attempt: 1, memoryFactor: 1 }; ;) {
    const request = { model, planDigest, ...current };
    let jobName: string | null = null;
    try {
      jobName = await submitActivities(`start the job, attempt ${current.attempt}`).submitMonitorJob(request);
      await watchActivities(`wait for ${jobName}`, { timeLimitSeconds: JOB_SECONDS_MAX, heartbeatSeconds: watchHeartbeatSeconds }).awaitJob(
        jobName,
      );
      return await longActivities('record what was measured').recordMonitoring(request);
    } catch (error) {
      const running = jobName;
      if (running !== null) await CancellationScope.nonCancellable(() => shortActivities(`stop ${running}`).stopJob(running));
      const next = nextAttempt(current, failureOf(error).class, LIMITS);
      if (next === null) throw error;
      current = { attempt: next.attempt, memoryFactor: next.memoryFactor };
      if (next.waitSeconds > 0) await sleep(next.waitSeconds * 1000, { summary: `wait before attempt ${next.attempt}` });
    }
  }
}

/** The ledger first, then the wish: who dies in between asks again, under the same keys. People are told last. */
async function answer(judged: MonitoredWindow, owner: string): Promise<string[]> {
  const { model } = judged;
  const answers = judged.answers.filter(({ action }) => action !== null);
  const wishes = answers.flatMap(({ kind, trigger, reason }) => (trigger === null ? [] : [{ finding: kind, trigger, reason }]));
  if (wishes.length > 0) {
    const asked = wishes.map(({ finding, trigger, reason }) => ({ finding, triggerKey: trigger.key, reason }));
    await record(judged, 'monitored', { wishes: asked });
    for (const { finding, trigger } of wishes) {
      const workflowId = lifecycleWorkflowId(model);
      await shortActivities(`ask for a cycle: ${finding}`).requestTrigger({ model, workflowId, taskQueue: TASK_QUEUE, trigger });
    }
  }
  const alerts = answers.filter(({ action }) => action === 'alert').map(({ kind, reason }) => ({ finding: kind, reason }));
  if (alerts.length > 0 && patched('record-alerts')) await record(judged, 'alerts/monitored', { wishes: [], alerts });
  const paused = new Map<Answer, Paused>();
  for (const answered of answers) if (answered.action === 'pauseServing') paused.set(answered, await pause(judged, answered));
  const done: string[] = [];
  for (const answered of answers) {
    const { kind, key, reason } = answered;
    const { words, isRecorded } = paused.get(answered) ?? { words: wordsOf(answered, owner), isRecorded: false };
    done.push(words);
    await tell({
      id: `${model}/monitor/${key}`,
      model,
      title: `${model}: ${kind}`,
      text: `${reason}\n${words}\nratchet monitor status ${model}`,
      to: [owner],
      ...(isRecorded ? { untilResumed: { what: 'serving' as const, since: new Date().toISOString() } } : {}),
    });
  }
  return done;
}

type Told = Pick<Extract<LedgerBody, { kind: 'monitored' }>, 'wishes' | 'alerts'>;

/** Under a key of the window: whoever asks again finds it. */
async function record(judged: MonitoredWindow, what: string, told: Told): Promise<void> {
  const { model, window, documentDigest, planDigest, cycle } = judged;
  await shortActivities(`record: ${what}`).appendRecord({
    model,
    key: `monitor/c${cycle}/${window.start}/${window.end}/${what}`,
    body: { kind: 'monitored', window, documentDigest, planDigest, ...told },
    expects: {},
    at: new Date().toISOString(),
  });
}

interface Paused {
  /** It stands in the ledger, also where the proxy has yet to hear of it. */
  readonly isRecorded: boolean;
  readonly words: string;
}

async function pause({ model, documentDigest }: MonitoredWindow, { kind, key, reason }: Answer): Promise<Paused> {
  const wish = { model, kind, key, reason, documentDigest, workflowId: lifecycleWorkflowId(model), taskQueue: TASK_QUEUE };
  const answered: PauseOutcome | string | null = await longActivities(`refuse all requests: ${kind}`).pauseServing(wish);
  // In histories of before it was why not, or null.
  const outcome = typeof answered === 'object' && answered !== null ? answered : { isRecorded: answered === null, trouble: answered };
  const { isRecorded, trouble } = outcome;
  if (!isRecorded) return { isRecorded, words: `serving should be paused and is not (${trouble}): ${reason}` };
  const tried = trouble === null ? '' : `, which is tried again every minute, for now they are not (${trouble})`;
  const words = `paused serving, all requests are refused until \`ratchet resume ${model} --serving\`${tried}: ${reason}`;
  return { isRecorded, words };
}

function wordsOf({ action, reason }: Answer, owner: string): string {
  if (action === 'alert') return `told ${owner}: ${reason}`;
  return `asked for a cycle${action === 'recalibrate' ? ' that recalibrates' : ''}: ${reason}`;
}

/** What cannot be measured is an error, and people hear of it: silence would look as if all were well. */
async function tellOfFailure(model: string, { end, to }: { end: string; to: readonly string[] }, words: string): Promise<void> {
  await CancellationScope.nonCancellable(() =>
    tell({
      id: `${model}/monitor/failed/${end}`,
      model,
      title: `${model}: monitoring failed`,
      text: `The window to ${end} could not be measured: ${words}`,
      to,
    }),
  );
}

/** Told in vain, the window is judged all the same: the report and the status have it. */
async function tell(notice: Omit<Notice, 'event' | 'severity'>): Promise<void> {
  await noticeActivities(`tell ${notice.to.join(', ')}`)
    .notifyPeople({ ...notice, event: 'monitor', severity: 'action' })
    .catch(() => undefined);
}
