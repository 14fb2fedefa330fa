import type { WorkflowHandle } from '@temporalio/client';

export type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;

export async function historyOf(handle: Pick<WorkflowHandle, 'fetchHistory'>): Promise<History> {
  return handle.fetchHistory();
}
