import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

export const LOOPBACK = '127.0.0.1';
/** Below the range from which Linux and macOS give a port to whoever asks for any, also to each connection that is opened. */
const ASKED_FOR_BY_NOBODY = [20_000, 30_000] as const;

/** Whether nobody listens on this port of this machine. */
export function isFree(port: number, host = LOOPBACK): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * A free loopback port that is likely to be free as well when its server listens, seconds later, or comes back to it.
 * @param taken not one of these
 */
export async function quietPort(taken: ReadonlySet<number> = new Set()): Promise<number> {
  for (;;) {
    const port = randomInt(...ASKED_FOR_BY_NOBODY);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
}
