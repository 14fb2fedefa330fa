import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { MonitoredWindow, monitoredPrefix } from '../domain/monitoring.js';
import { windowStamp } from '../domain/window-stamp.js';
import type { ObjectStore } from '../ports/object-store.js';
import { monitorWorkflowId, TASK_QUEUE, type MonitorModelInput, type MonitorModelResult } from '../workflows/messages.js';

const PAGE = 1000;
const LOOK_BACK_MS = 400 * 86_400_000;

/** A judged window, and the name of its report in the store. */
export interface ShownWindow extends MonitoredWindow {
  readonly reportKey: string;
}

type MonitorModel = (input: MonitorModelInput) => Promise<MonitorModelResult>;

/** Looks at a window now, or joins the run that a person asked for and that still works. @returns how to wait for its result */
export async function startMonitoring(client: Client, input: MonitorModelInput): Promise<() => Promise<MonitorModelResult>> {
  const workflowId = `${monitorWorkflowId(input.model)}/asked`;
  try {
    await client.workflow.start<MonitorModel>('monitorModel', {
      workflowId,
      taskQueue: TASK_QUEUE,
      args: [input],
      staticSummary: `Monitoring of ${input.model}, asked for by ${input.requestedBy ?? 'nobody'}`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
  return () => client.workflow.getHandle<MonitorModel>(workflowId).result();
}

/** The last windows that were judged, newest first: by a schedule or by a person. */
export async function lastWindows(store: ObjectStore, model: string, count: number): Promise<ShownWindow[]> {
  const prefix = monitoredPrefix(model);
  const keys: string[] = [];
  for (let startAfter = prefix + windowStamp(new Date(Date.now() - LOOK_BACK_MS).toISOString()); ;) {
    const page = await store.list(prefix, { startAfter, limit: PAGE });
    keys.push(...page.filter((key) => key.endsWith('.json')));
    if (page.length < PAGE) break;
    startAfter = page.at(-1)!;
  }
  const newest = keys.slice(-count).reverse();
  return Promise.all(
    newest.map(async (key) => {
      const bytes = await store.get(key);
      return { ...MonitoredWindow.parse(JSON.parse(Buffer.from(bytes ?? []).toString('utf8'))), reportKey: key.replace(/json$/, 'html') };
    }),
  );
}
