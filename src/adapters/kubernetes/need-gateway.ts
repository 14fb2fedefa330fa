import { RatchetError } from '../../domain/failure.js';
import type { RouteApi, RouteKind, RouteObject } from './route-api.js';

interface Wanted {
  readonly model: string;
  readonly name: string;
  /** Absent: that of the routes. */
  readonly namespace?: string;
  /** Of the model file. */
  readonly field: string;
}

/**
 * The gateway of a model file, before a route goes to it: one that is not there refuses nothing, and the gateway before would let go.
 * @returns null: nobody lets us look @throws {RatchetError} RouterUnavailable: there is none
 */
export async function needGateway(api: RouteApi, kind: RouteKind, { model, name, namespace, field }: Wanted): Promise<RouteObject | null> {
  const found = await api.lookAt(kind, name, namespace);
  if (found !== 'missing') return found;
  const place = namespace === undefined ? name : `${namespace}/${name}`;
  throw new RatchetError('RouterUnavailable', `route of ${model}: expected the Gateway ${place} of its model file, found none`, {
    remedy: `make it, or correct ${field}; nothing was changed`,
  });
}
