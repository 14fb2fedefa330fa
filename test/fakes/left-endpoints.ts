import { identify } from '../../src/adapters/local/process-identity.js';
import type { Endpoints } from '../../src/config/endpoints.js';
import { writeEndpoints } from '../../src/config/endpoints.js';
import type { Home } from '../../src/config/home.js';

/** A process of this machine that ended, or never was. */
export const DEAD = { pid: process.pid, start: 'another boot/1' };
export const ALIVE = identify(process.pid);

/** Writes into a home what a stack leaves that was killed with everything it started. */
export function leaveEndpoints(home: Home, change: Partial<Endpoints> = {}): Endpoints {
  const endpoints: Endpoints = {
    v: 1,
    supervisor: DEAD,
    startedAt: '2026-01-01T00:00:00.000Z',
    temporal: { address: '127.0.0.1:1', namespace: 'default', uiUrl: null, process: DEAD },
    mlflow: { url: 'http://127.0.0.1:1', process: DEAD },
    traffic: { url: 'http://127.0.0.1:1', process: DEAD, servingHost: DEAD },
    worker: { process: DEAD },
    storeUri: `file://${home.storeFolder}`,
    ...change,
  };
  writeEndpoints(home, endpoints);
  return endpoints;
}
