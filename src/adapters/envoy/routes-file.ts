import { z } from 'zod';
import { Arm } from '../../domain/serving.js';
import type { Route } from '../../domain/serving.js';
import type { RouteReading } from '../../ports/traffic-router.js';
import { EXTENSIONS, RATE_FILTER, routesResource, TOKEN_FILTER } from '../local/servers/envoy-files.js';
import type { RouteState } from './route-state.js';

const ARM_HEADER = 'x-ratchet-arm';

/** All models' routes as the one table of Envoy's listener. */
export function routeResources(states: Iterable<RouteState>): object[] {
  return [routesResource([...states].map(({ route }) => routeEntry(route)))];
}

function routeEntry(route: Route): object {
  const { model, settings, splits, mirror } = route;
  const { stickyBy } = settings;
  return {
    name: model,
    // "Path separated": /v2/models/a is no prefix of /v2/models/ab.
    match: { path_separated_prefix: `/v2/models/${model}` },
    metadata: { filter_metadata: { ratchet: { shift: route.shift, mirrorArm: mirror?.arm ?? '', timeoutMs: settings.timeoutMs } } },
    route: {
      timeout: `${settings.timeoutMs / 1000}s`,
      weighted_clusters: {
        ...(stickyBy === undefined ? {} : { use_hash_policy: true }),
        clusters: splits.map(({ arm, instance, weightPercent }) => ({
          name: instance,
          weight: weightPercent,
          request_headers_to_add: [armHeader(arm)],
          response_headers_to_add: [armHeader(arm)],
        })),
      },
      ...(stickyBy === undefined ? {} : { hash_policy: [{ header: { header_name: stickyBy } }] }),
      ...(mirror === null ? {} : { request_mirror_policies: [mirrorPolicy(mirror)] }),
      // Only what no model server has seen yet is sent again.
      retry_policy: {
        retry_on: 'connect-failure,refused-stream,reset-before-request',
        num_retries: 3,
        retry_host_predicate: [
          {
            name: 'envoy.retry_host_predicates.previous_hosts',
            typed_config: { '@type': 'type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate' },
          },
        ],
        host_selection_retry_max_attempts: 5,
        retry_back_off: { base_interval: '0.005s', max_interval: '0.05s' },
      },
    },
    typed_per_filter_config: filterConfig(route),
  };
}

function filterConfig({ model, settings: { rateLimit, jwt } }: Route): object {
  const always = { default_value: { numerator: 100 } };
  return {
    ...(rateLimit && {
      [RATE_FILTER]: {
        '@type': `${EXTENSIONS}.local_ratelimit.v3.LocalRateLimit`,
        stat_prefix: 'rate',
        token_bucket: {
          max_tokens: 2 * rateLimit.requestsPerSecond,
          tokens_per_fill: rateLimit.requestsPerSecond,
          fill_interval: '1s',
        },
        filter_enabled: always,
        filter_enforced: always,
      },
    }),
    ...(jwt && { [TOKEN_FILTER]: { '@type': `${EXTENSIONS}.jwt_authn.v3.PerRouteConfig`, requirement_name: model } }),
  };
}

function mirrorPolicy({ arm, instance }: NonNullable<Route['mirror']>): object {
  return { cluster: instance, disable_shadow_host_suffix_append: true, request_headers_mutations: [{ append: armHeader(arm) }] };
}

function armHeader(arm: Arm): object {
  return { header: { key: ARM_HEADER, value: arm }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' };
}

const Header = z.object({ header: z.object({ key: z.string(), value: z.string() }) });
const Entry = z.object({
  name: z.string(),
  metadata: z.object({ filter_metadata: z.object({ ratchet: z.object({ mirrorArm: z.string() }) }) }),
  route: z.object({
    weighted_clusters: z.object({
      clusters: z.array(z.object({ name: z.string(), weight: z.number().default(0), request_headers_to_add: z.array(Header) })),
    }),
    request_mirror_policies: z.array(z.object({ cluster: z.string() })).default([]),
  }),
});

/** One entry of Envoy's own dump, back as the route that it does; null: not one of ours. */
export function parseRouteEntry(entry: unknown): { readonly model: string; readonly inForce: RouteReading['inForce'] } | null {
  const parsed = Entry.safeParse(entry);
  if (!parsed.success) return null;
  const { name, route, metadata } = parsed.data;
  const splits = route.weighted_clusters.clusters.flatMap(({ name: instance, weight, request_headers_to_add: added }) => {
    const arm = Arm.safeParse(added.find(({ header }) => header.key === ARM_HEADER)?.header.value);
    return weight === 0 || !arm.success ? [] : [{ arm: arm.data, instance, weightPercent: weight }];
  });
  const mirrorArm = Arm.safeParse(metadata.filter_metadata.ratchet.mirrorArm);
  const [mirrored] = route.request_mirror_policies;
  const mirror = mirrored && mirrorArm.success ? { arm: mirrorArm.data, instance: mirrored.cluster } : null;
  return { model: name, inForce: { splits, mirror } };
}
