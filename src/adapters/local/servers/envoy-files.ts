import { join } from 'node:path';

/** The files that Envoy watches, each replaced by rename; names that its bootstrap and the router must agree on. */
export interface EnvoyFiles {
  /** Who may ask: the JWT filter with one provider per model (ECDS). */
  readonly tokens: string;
  /** Instances and the addresses of their replicas (CDS). */
  readonly clusters: string;
  /** Which model's requests go where (RDS). */
  readonly routes: string;
}

export const ROUTES = 'models';
export const TOKEN_FILTER = 'ratchet.tokens';
export const RATE_FILTER = 'ratchet.rate';
/** By which Envoy knows what is refused in our name; callers are told 503. */
export const HELD_STATUS = 590;
export const EXTENSIONS = 'type.googleapis.com/envoy.extensions.filters.http';

export function envoyFiles(folder: string): EnvoyFiles {
  return { tokens: join(folder, 'tokens.json'), clusters: join(folder, 'clusters.json'), routes: join(folder, 'routes.json') };
}

/** Resources as a file that Envoy reads. */
export function discoveryResponse(version: string, resources: readonly object[]): string {
  return `${JSON.stringify({ version_info: version, resources }, null, 1)}\n`;
}

/** No model is served yet: all requests are answered with 404. */
export const nothingServed: Readonly<Record<keyof EnvoyFiles, readonly object[]>> = {
  tokens: [tokensResource({}, {})],
  clusters: [],
  routes: [routesResource([])],
};

export function routesResource(routes: readonly object[]): object {
  const hosts = [{ name: ROUTES, domains: ['*'], routes }];
  return { '@type': 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration', name: ROUTES, virtual_hosts: hosts };
}

export function tokensResource(providers: object, requirements: object): object {
  return {
    '@type': 'type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig',
    name: TOKEN_FILTER,
    typed_config: { '@type': `${EXTENSIONS}.jwt_authn.v3.JwtAuthentication`, providers, requirement_map: requirements },
  };
}
