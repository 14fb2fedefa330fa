import { Context } from '@temporalio/activity';

/** What a watch has of the activity that it works for, however long that lasts and wherever it goes on. */
export interface WatchSeat {
  /** What an earlier worker last said of this watch; undefined: there was none. */
  readonly heartbeatDetails: unknown;
  /** So long may the watch be silent; undefined: nobody minds. */
  readonly heartbeatTimeoutMs: number | undefined;
  /** Fires when nobody waits for the watch any more. */
  readonly signal: AbortSignal;
  heartbeat(details: unknown): void;
  /** Tells the workflow that waits. Where it cannot be told, the heartbeat has it all the same. */
  signalWorkflow(name: string, value: unknown): Promise<void>;
}

/** Runs a watch for the activity that calls it, to its end. */
export type RunWatch = (watch: (seat: WatchSeat) => Promise<void>) => Promise<void>;

/** The watch takes its activity's slot for as long as it lasts. */
export const watchInSlot: RunWatch = (watch) => {
  const context = Context.current();
  const { info, cancellationSignal } = context;
  return watch({
    heartbeatDetails: info.heartbeatDetails,
    heartbeatTimeoutMs: info.heartbeatTimeoutMs,
    signal: cancellationSignal,
    heartbeat: (details) => context.heartbeat(details),
    signalWorkflow: (name, value) => signalWorkflow(context.client, info.workflowExecution!, name, value),
  });
};

const signalMsMax = 10_000;

/** As `WatchSeat.signalWorkflow`, from wherever the watch goes on. */
export async function signalWorkflow(
  client: Context['client'],
  { workflowId, runId }: { readonly workflowId: string; readonly runId: string },
  name: string,
  value: unknown,
): Promise<void> {
  const handle = client.workflow.getHandle(workflowId, runId);
  await client.withDeadline(Date.now() + signalMsMax, () => handle.signal(name, value)).catch(() => undefined);
}
