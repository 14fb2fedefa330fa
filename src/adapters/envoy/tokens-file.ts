import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { RatchetError } from '../../domain/failure.js';
import type { Route } from '../../domain/serving.js';
import { tokensResource } from '../local/servers/envoy-files.js';
import type { RouteState } from './route-state.js';

/** One token check per model that asks for one. Envoy refuses keys that it cannot read. */
export function tokenResources(states: Iterable<RouteState>): object[] {
  const asking = [...states].flatMap(({ route: { model }, check }) => (check === null ? [] : [{ model, check }]));
  const providers = asking.map(({ model, check }) => [
    model,
    { issuer: check.issuer, audiences: check.audiences, local_jwks: { inline_string: check.jwks } },
  ]);
  const requirements = asking.map(({ model }) => [model, { provider_name: model }]);
  return [tokensResource(Object.fromEntries(providers), Object.fromEntries(requirements))];
}

/** Keys that cannot be read are no reason to keep traffic where it is: those in force still hold for the same settings. @throws the error */
export function checkBefore(route: Route, newest: RouteState | null, error: RatchetError): RouteState['check'] {
  if (newest === null || !isDeepStrictEqual(newest.route.settings.jwt, route.settings.jwt)) throw error;
  return newest.check;
}

/** The keys as they are now. @throws {RatchetError} RouterRefused: there are none */
export async function readCheck({ model, settings: { jwt } }: Route): Promise<RouteState['check']> {
  if (!jwt) return null;
  if (jwt.jwks !== undefined) return { issuer: jwt.issuer, audiences: jwt.audiences, jwks: jwt.jwks };
  const jwks = await readFile(jwt.jwksFile, 'utf8').catch((error: Error) => {
    throw new RatchetError('RouterRefused', `route of ${model}: expected public keys in ${jwt.jwksFile}, found ${error.message}`, {
      remedy: 'name a JWKS file that the worker can read in serving.jwt.jwksFile',
      cause: error,
    });
  });
  return { issuer: jwt.issuer, audiences: jwt.audiences, jwks };
}
