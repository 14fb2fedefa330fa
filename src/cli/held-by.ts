import { readEndpoints } from '../config/endpoints.js';
import type { Home } from '../config/home.js';
import type { LockHolder } from '../workers/stack/home-lock.js';
import { CommandError } from './explain-error.js';

/** Says who runs the stack of a home, and where it can be reached. */
export function heldBy(home: Home, holder: LockHolder): CommandError {
  const endpoints = readEndpoints(home);
  const where = endpoints ? ` (Temporal UI ${endpoints.temporal.uiUrl ?? endpoints.temporal.address}, MLflow ${endpoints.mlflow.url})` : '';
  return new CommandError(
    `a stack already runs in ${home.path}: process ${holder.process.pid} on ${holder.host}; its addresses are in ${home.endpointsFile}${where}`,
    'use it, stop it with `ratchet down`, or name another folder with --home',
  );
}
