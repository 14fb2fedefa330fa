import { activityInfo, heartbeat } from '@temporalio/activity';

/**
 * Heartbeats for activities that have nothing of their own to tell, where their options ask for it: so a worker that was
 * killed is noticed within seconds, not when the whole time for the call is over.
 *
 * @param own names of activities that heartbeat by themselves
 */
export function keepAlive<A extends object>(activities: A, own: readonly (keyof A & string)[]): A {
  const wrapped: Record<string, unknown> = {};
  for (const [name, activity] of Object.entries(activities) as [string, (...args: unknown[]) => Promise<unknown>][]) {
    wrapped[name] = own.includes(name as keyof A & string) ? activity : withHeartbeat(activity);
  }
  return wrapped as A;
}

function withHeartbeat(activity: (...args: unknown[]) => Promise<unknown>): (...args: unknown[]) => Promise<unknown> {
  return async (...args) => {
    const { heartbeatTimeoutMs } = activityInfo();
    if (heartbeatTimeoutMs === undefined || heartbeatTimeoutMs === 0) return activity(...args);
    const beating = setInterval(() => heartbeat(), heartbeatTimeoutMs / 4);
    try {
      return await activity(...args);
    } finally {
      clearInterval(beating);
    }
  };
}
