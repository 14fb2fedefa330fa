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
