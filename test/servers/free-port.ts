import { quietPort } from '../../src/adapters/local/servers/loopback-port.js';

/** A loopback port that nobody listens on, and that is given to nobody who asks for any. */
export async function freePort(): Promise<number> {
  return (await freePorts(1))[0]!;
}

/** So many of them, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await quietPort(ports));
  return [...ports];
}
