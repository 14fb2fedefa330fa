import type { WorkflowHandle } from '@temporalio/client';
import proto from '@temporalio/proto';

export type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;

const { History: HistoryMessage } = proto.temporal.api.history.v1;

/** A history as JSON: enums by name, bytes in base64. */
export interface HistoryJson {
  readonly events: readonly Record<string, unknown>[];
}

export function historyJson(history: History): HistoryJson {
  return HistoryMessage.toObject(HistoryMessage.fromObject(history), { enums: String, longs: String, bytes: String }) as HistoryJson;
}

export function historyOfJson(json: HistoryJson): History {
  return HistoryMessage.fromObject(json as unknown as Record<string, unknown>);
}

/** The same history without the names of machines and the places of files. */
export function scrubbed(history: HistoryJson): HistoryJson {
  return JSON.parse(JSON.stringify(history), (key, value: unknown) => {
    if (key === 'identity') return 'worker';
    if (key === 'stackTrace') return '';
    if (isStickyQueue(value)) return { ...value, name: 'sticky' };
    return value;
  }) as HistoryJson;
}

/** As the server counts it. */
export function historyBytes(history: History): number {
  return HistoryMessage.encode(history).finish().length;
}

/** The text of all payloads. */
export function payloadTexts(history: HistoryJson): string[] {
  const texts: string[] = [];
  JSON.stringify(history, (key, value: unknown) => {
    if (key === 'data' && typeof value === 'string') texts.push(Buffer.from(value, 'base64').toString('utf8'));
    return value;
  });
  return texts;
}

function isStickyQueue(value: unknown): value is { kind: string; name: string } {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'TASK_QUEUE_KIND_STICKY';
}
