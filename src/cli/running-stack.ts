import { hostname } from 'node:os';
import type { Endpoints, ProcessIdentity } from '../config/endpoints.js';
import { readEndpoints } from '../config/endpoints.js';
import type { Home } from '../config/home.js';
import { holderOf, isProcessAlive } from '../workers/stack/home-lock.js';

/**
 * What the stack of a home left of its addresses, where one of its servers can still be meant by them: it runs, or a supervisor
 * brings it back. After both are dead another home's server may listen there, and would act on another ledger.
 * @param server null from this: the stack attached to one, and only its supervisor says that it still does
 */
export function endpointsOfRunning(home: Home, server: (endpoints: Endpoints) => ProcessIdentity | null): Endpoints | null {
  const endpoints = readEndpoints(home);
  if (endpoints === null) return null;
  const named = [endpoints.supervisor, server(endpoints)];
  const isAlive = named.some((process) => process !== null && isProcessAlive(process));
  return isAlive || isHeldElsewhere(home) ? endpoints : null;
}

/** By another machine, over a shared disk: its processes cannot be seen from here. */
function isHeldElsewhere(home: Home): boolean {
  const holder = holderOf(home);
  return holder !== null && holder.host !== hostname();
}
