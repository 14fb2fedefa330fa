import { cancellationSignal, getClient } from '@temporalio/activity';
import { answerWindow } from '../domain/decide/monitor/answer-window.js';
import { judgeMonitoring } from '../domain/decide/monitor/judge-monitoring.js';
import { shortDigest, type Digest } from '../domain/digest.js';
import { documentBytes } from '../domain/document.js';
import { RatchetError } from '../domain/failure.js';
import type { FindingKind } from '../domain/finding.js';
import type { JobSpec } from '../domain/job.js';
import { MonitorOutput } from '../domain/monitor-jobs.js';
import { monitoredKey, MonitoringDocument, type MonitoredWindow, MonitoringPlan } from '../domain/monitoring.js';
import { reachOfAnswers } from '../domain/monitoring-spec.js';
import { monitoringReport } from '../domain/monitoring-report.js';
import type { TimeRange } from '../domain/dataset.js';
import { windowStamp } from '../domain/window-stamp.js';
import type { JobCluster } from '../ports/job-cluster.js';
import type { ObjectStore } from '../ports/object-store.js';
import { getDocument, putDocument } from './documents.js';
import type { Ledger } from './ledger.js';
import { lastRecent } from './recent-record.js';
import { readAnswered, readWindow } from './monitored-windows.js';
import { planWindow, readMonitored } from './plan-monitoring.js';
import { requestsOfWindow } from './request-counts.js';

export interface MonitorActivityPorts {
  readonly store: ObjectStore;
  readonly ledger: Ledger;
  readonly jobCluster: JobCluster;
  readonly watchHeartbeatSeconds: number;
}

export interface WindowRequest {
  readonly model: string;
  /** When it was asked for; the window ends before that. */
  readonly at: string;
  /** null: as the spec says. */
  readonly windowHours: number | null;
}

/** What a run works on; null where nothing is served yet. */
export interface PlannedWindow {
  readonly window: TimeRange;
  readonly planDigest: Digest;
  readonly owner: string;
  readonly watchHeartbeatSeconds: number;
  /** It was judged before: the same window is judged once. */
  readonly isJudged: boolean;
}

interface PauseReply {
  readonly isPaused: boolean;
  readonly trouble: string | null;
}
type PauseArgs = [{ readonly requestedBy: string; readonly reason: string; readonly documentDigest: Digest; readonly wish: string }];

/** Findings that rest on mature labels. */
const OF_LABELS: readonly FindingKind[] = ['decay', 'calibration', 'promise', 'kpi'];

interface PauseWish {
  readonly model: string;
  readonly kind: FindingKind;
  readonly key: string;
  readonly reason: string;
  readonly documentDigest: Digest;
  readonly workflowId: string;
  readonly taskQueue: string;
}

export interface PauseOutcome {
  readonly isRecorded: boolean;
  readonly trouble: string | null;
}

interface MonitorJob {
  readonly model: string;
  readonly planDigest: Digest;
  readonly attempt: number;
  readonly memoryFactor: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const RESOURCES = { cpus: 1, memoryMiB: 6144, gpus: 0 };
export const MONITOR_TIME_LIMIT_SECONDS = 3600;

export function createMonitorActivities({ store, ledger, jobCluster, watchHeartbeatSeconds }: MonitorActivityPorts) {
  return { planMonitoring, submitMonitorJob, recordMonitoring, judgeWindow, pauseServing };

  /** Fixes what is looked at and what it is judged by. A window that was judged before keeps the plan it was judged with. */
  async function planMonitoring({ model, at, windowHours }: WindowRequest): Promise<PlannedWindow | null> {
    const monitored = await readMonitored({ store, ledger }, model);
    if (monitored === null) return null;
    const { settings, spec, state } = monitored;
    const window = windowBefore(at, settings.settleMinutes, windowHours ?? settings.windowHours);
    const judged = await readWindow(store, monitoredKey(model, window, state.champion.cycle, 'json'));
    const planDigest = judged?.planDigest ?? (await putDocument(store, await planWindow({ store, ledger }, model, monitored, window)));
    return { window, planDigest, owner: spec.metadata.owner, watchHeartbeatSeconds, isJudged: judged !== null };
  }

  /** Starts the job of a plan, or attaches to it: its name says which plan it works on. */
  async function submitMonitorJob(request: MonitorJob): Promise<string> {
    const job = await jobOf(request);
    await jobCluster.submit(job, cancellationSignal());
    return job.name;
  }

  /** Turns the finished job's result into a document. Asked again, it gives the same digest. */
  async function recordMonitoring(request: MonitorJob): Promise<Digest> {
    const { name } = await jobOf(request);
    const job = await jobCluster.describe(name);
    if (job?.phase !== 'Succeeded') {
      throw new RatchetError('JobLost', `job ${name}: expected it finished, found ${job?.phase ?? 'no trace of it'}`, {
        remedy: 'it is run again under the next attempt',
      });
    }
    const body = MonitorOutput.safeParse(job.output, { reportInput: true });
    if (!body.success) {
      const issue = body.error.issues[0];
      throw new RatchetError(
        'JobOutputInvalid',
        `result of ${name}, field ${issue?.path.join('.') || '(document)'}: ${issue?.message ?? ''}`,
        {
          remedy: 'the job contract: docs/reference/job-contract.md',
        },
      );
    }
    const document: MonitoringDocument = {
      kind: 'monitoring',
      model: request.model,
      planDigest: request.planDigest,
      job: { name, startedAt: job.startedAt, endedAt: job.endedAt },
      body: body.data,
      requests: await requestsOfWindow(store, request.model, body.data.window),
    };
    return putDocument(store, document);
  }

  /**
   * Judges a window and keeps it, with its report, under a name that sorts by time. Who comes second finds what the first
   * wrote, also where the first died before anybody heard of it.
   * @param documentDigest null: it was judged before
   */
  async function judgeWindow({
    model,
    planDigest,
    documentDigest,
    scheduled,
  }: {
    model: string;
    planDigest: Digest;
    documentDigest: Digest | null;
    scheduled: boolean;
  }): Promise<MonitoredWindow> {
    const plan = await getDocument(store, MonitoringPlan, 'monitoring plan', planDigest);
    const key = monitoredKey(model, plan.input.window, plan.cycle, 'json');
    const before = await readWindow(store, key);
    if (before !== null) return before;
    if (documentDigest === null)
      throw new RatchetError('EvidenceMissing', `${key}: expected the judged window, found none`, { remedy: `ratchet monitor ${model}` });
    const { body, job, requests = null } = await getDocument(store, MonitoringDocument, 'monitoring', documentDigest);
    const { cycle, policy } = plan;
    const newest = { window: plan.input.window, cycle, findings: judgeMonitoring(policy, body, requests) };
    const judged: MonitoredWindow = {
      ...newest,
      model,
      version: policy.champion.version,
      planDigest,
      documentDigest,
      scheduled,
      cpuSeconds: cpuSecondsOf(job),
      requests,
      qualityMetric: policy.settings.decay.metric,
      kpis: body.kpis.map(({ name, mean }) => ({ name, mean: mean.delta })),
      answers: answerWindow(
        policy.settings.answers,
        newest,
        await readAnswered(store, model, newest.window.end, reachOfAnswers(policy.settings.answers)),
      ),
    };
    // The report first: who finds the window finds its report too.
    await store.createIfAbsent(monitoredKey(model, plan.input.window, plan.cycle, 'html'), Buffer.from(monitoringReport(judged, body)));
    await store.createIfAbsent(key, documentBytes(judged));
    return (await readWindow(store, key)) ?? judged;
  }

  /**
   * Asks the model's lifecycle to refuse all requests, and waits for its answer. The same key is the same wish: where a person
   * has ended it since, it stays ended; and what was there before a person resumed is no reason to pause again.
   * @returns whether the ledger says so, and why they are not refused (yet); `trouble` null: they are
   */
  async function pauseServing({ model, kind, key, reason, documentDigest, workflowId, taskQueue }: PauseWish): Promise<PauseOutcome> {
    const resumedAt = await lastResumed(model);
    const evidenceStart = await startOfEvidence(kind, documentDigest);
    if (resumedAt !== null && Date.parse(evidenceStart) < Date.parse(resumedAt))
      return { isRecorded: false, trouble: `a person resumed it at ${resumedAt}, and this rests on what was since ${evidenceStart}` };
    const { workflow } = getClient();
    // Wakes the lifecycle where it does not run, and says nothing else.
    const signalArgs = [{ cycle: 0, outcome: 'promoted' }];
    await workflow.signalWithStart('modelLifecycle', { workflowId, taskQueue, args: [{ model }], signal: 'cycleEnded', signalArgs });
    const args: PauseArgs = [{ requestedBy: 'monitoring', reason, documentDigest, wish: `monitor/${key}` }];
    const { isPaused, trouble } = await workflow.getHandle(workflowId).executeUpdate<PauseReply, PauseArgs>('pauseServing', { args });
    if (isPaused) return { isRecorded: true, trouble };
    return { isRecorded: false, trouble: trouble ?? 'a person has resumed it since' };
  }

  /** When a person last resumed serving; null: not lately. */
  async function lastResumed(model: string): Promise<string | null> {
    return (await lastRecent(ledger, model, ({ body }) => body.kind === 'serving-resumed'))?.at ?? null;
  }

  /** What labels say is of a cohort that began long before the window. */
  async function startOfEvidence(kind: FindingKind, documentDigest: Digest): Promise<string> {
    const { planDigest } = await getDocument(store, MonitoringDocument, 'monitoring', documentDigest);
    const { window, cohort } = (await getDocument(store, MonitoringPlan, 'monitoring plan', planDigest)).input;
    return OF_LABELS.includes(kind) && cohort !== null ? cohort.start : window.start;
  }

  async function jobOf({ model, planDigest, attempt, memoryFactor }: MonitorJob): Promise<JobSpec> {
    const { input } = await getDocument(store, MonitoringPlan, 'monitoring plan', planDigest);
    return {
      name: `${model}-monitor-${windowStamp(input.window.end).toLowerCase()}-${shortDigest(planDigest)}-a${attempt}`,
      model,
      cycle: 0,
      stage: 'monitor',
      attempt,
      command: ['python', '-m', 'ratchet_steps.monitor'],
      files: [],
      input,
      environment: {},
      resources: { ...RESOURCES, memoryMiB: RESOURCES.memoryMiB * memoryFactor },
      timeLimitSeconds: MONITOR_TIME_LIMIT_SECONDS,
    };
  }
}

/** What its job reserved; of an attempt that was lost nobody knows when it ended. */
function cpuSecondsOf({ startedAt, endedAt }: MonitoringDocument['job']): number {
  if (startedAt === null || endedAt === null) return 0;
  return (RESOURCES.cpus * Math.max(0, Date.parse(endedAt) - Date.parse(startedAt))) / 1000;
}

/** The window that ends when the servers' logs of it have settled, on a whole minute. */
export function windowBefore(at: string, settleMinutes: number, windowHours: number): TimeRange {
  const endMs = Math.floor((Date.parse(at) - settleMinutes * MINUTE_MS) / MINUTE_MS) * MINUTE_MS;
  return { start: new Date(endMs - windowHours * HOUR_MS).toISOString(), end: new Date(endMs).toISOString() };
}
