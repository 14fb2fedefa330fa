/** Runs calls, only so many at once; the others wait for their turn, first come, first served. */
export type CallGate = <T>(call: () => Promise<T>) => Promise<T>;

export function createCallGate(callsMax: number): CallGate {
  const waiting: (() => void)[] = [];
  let calls = 0;
  return async (call) => {
    if (calls < callsMax) calls++;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await call();
    } finally {
      const next = waiting.shift();
      if (next === undefined) calls--;
      else next(); // takes over the place
    }
  };
}
