import { cancellationSignal } from '@temporalio/activity';
import { answerWindow } from '../domain/decide/monitor/answer-window.js';
import { judgeMonitoring } from '../domain/decide/monitor/judge-monitoring.js';
import { shortDigest, type Digest } from '../domain/digest.js';
import { documentBytes } from '../domain/document.js';
import { RatchetError } from '../domain/failure.js';
import type { JobSpec } from '../domain/job.js';
import { MonitorOutput } from '../domain/monitor-jobs.js';
import { monitoredKey, MonitoringDocument, type MonitoredWindow, MonitoringPlan, windowStamp } from '../domain/monitoring.js';
import { monitoringReport } from '../domain/monitoring-report.js';
import type { TimeRange } from '../domain/dataset.js';
import type { JobCluster } from '../ports/job-cluster.js';
import type { ObjectStore } from '../ports/object-store.js';
import { getDocument, putDocument } from './documents.js';
import type { Ledger } from './ledger.js';
import { readWindow, readWindows } from './monitored-windows.js';
import { planWindow, readMonitored } from './plan-monitoring.js';

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
  return { planMonitoring, submitMonitorJob, recordMonitoring, judgeWindow };

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
    const { body } = await getDocument(store, MonitoringDocument, 'monitoring', documentDigest);
    const { cycle, policy } = plan;
    const newest = { window: plan.input.window, cycle, findings: judgeMonitoring(policy, body) };
    const judged: MonitoredWindow = {
      ...newest,
      model,
      version: policy.champion.version,
      planDigest,
      documentDigest,
      scheduled,
      answers: answerWindow(policy.settings.answers, newest, await readWindows(store, model, newest.window.end)),
    };
    // The report first: who finds the window finds its report too.
    await store.createIfAbsent(monitoredKey(model, plan.input.window, plan.cycle, 'html'), Buffer.from(monitoringReport(judged, body)));
    await store.createIfAbsent(key, documentBytes(judged));
    return (await readWindow(store, key)) ?? judged;
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

/** The window that ends when the servers' logs of it have settled, on a whole minute. */
export function windowBefore(at: string, settleMinutes: number, windowHours: number): TimeRange {
  const endMs = Math.floor((Date.parse(at) - settleMinutes * MINUTE_MS) / MINUTE_MS) * MINUTE_MS;
  return { start: new Date(endMs - windowHours * HOUR_MS).toISOString(), end: new Date(endMs).toISOString() };
}
