import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { RatchetError } from '../../domain/failure.js';
import type { Route } from '../../domain/serving.js';
import { tokensResource } from '../local/servers/envoy-files.js';
import type { RouteState } from './route-state.js';

/** Who gives out a model's tokens, and what is asked of them. Envoy refuses keys that it cannot read. */
export interface TokenEntry {
  readonly provider: unknown;
  readonly requirement: unknown;
}

/** null: this model asks for none. */
export function tokenEntry({ route: { model }, check }: RouteState): TokenEntry | null {
  if (check === null) return null;
  const { issuer, audiences, jwks } = check;
  return { provider: { issuer, audiences, local_jwks: { inline_string: jwks } }, requirement: { provider_name: model } };
}

/** One token check per model that asks for one. */
export function tokenResources(entries: ReadonlyMap<string, TokenEntry>): object[] {
  const each = (part: keyof TokenEntry): object => Object.fromEntries([...entries].map(([model, entry]) => [model, entry[part]]));
  return [tokensResource(each('provider'), each('requirement'))];
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
