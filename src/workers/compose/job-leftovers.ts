import { createLocalLeftovers } from '../../adapters/local/job-leftovers.js';
import { createStoredLeftovers } from '../../client/retention/stored-leftovers.js';
import type { Home } from '../../config/home.js';
import type { JobLeftovers } from '../../ports/job-leftovers.js';
import type { ObjectStore } from '../../ports/object-store.js';

/** Where jobs leave something that this machine reaches: the store, and the home of its own worker. */
export function openJobLeftovers(store: ObjectStore, home: Home): JobLeftovers[] {
  return [createStoredLeftovers(store), createLocalLeftovers(home.jobsFolder)];
}
