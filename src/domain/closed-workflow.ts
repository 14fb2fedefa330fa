const CLOSED: ReadonlySet<string> = new Set(['COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'TIMED_OUT', 'CONTINUED_AS_NEW']);

/** Whether a workflow of that status (as Temporal's SDK names it) has ended. One that an operator paused has not, nor one of a status to come. */
export function isClosed(status: string): boolean {
  return CLOSED.has(status);
}
