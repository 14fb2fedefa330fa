import { temporalFromEnvironment } from '../config/temporal-address.js';

/**
 * The server that a process of the stack works for: the stack's own, else the one that the usual variables name.
 * @throws {Error} none is named
 */
export function temporalTarget(who: string): { connection: { address: string }; address: string; namespace: string } {
  const own = process.env['RATCHET_TEMPORAL'];
  if (own !== undefined && own !== '') return { connection: { address: own }, address: own, namespace: 'default' };
  const named = temporalFromEnvironment();
  if (named === null)
    throw new Error(`no Temporal server is named: set TEMPORAL_ADDRESS or TEMPORAL_PROFILE, or start ${who} with ratchet up`);
  return { ...named, connection: { ...named.connection, address: named.address } };
}
