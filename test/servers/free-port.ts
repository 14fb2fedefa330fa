import { freePorts } from '../../src/adapters/local/servers/loopback-port.js';

/** A loopback port that was free just now. */
export async function freePort(): Promise<number> {
  return (await freePorts(1))[0]!;
}
