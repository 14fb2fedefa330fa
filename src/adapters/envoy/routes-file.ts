import { z } from 'zod';
import { Arm } from '../../domain/serving.js';
import type { Route } from '../../domain/serving.js';
import type { RouteReading } from '../../ports/traffic-router.js';
import { EXTENSIONS, HELD_STATUS, RATE_FILTER, TOKEN_FILTER } from '../local/servers/envoy-files.js';
import type { RouteState } from './route-state.js';

const ARM_HEADER = 'x-ratchet-arm';
/** Who asks, for a server that was started before its model had callers who stay. */
const KEY_HEADER = 'x-ratchet-key';

/** Whoever is refused may ask again after so long: it is people who end it. */
const RETRY_AFTER_SECONDS = '60';

/** A model's entry of the one table of Envoy's listener. */
export function routeEntry({ route }: RouteState): object {
  const { model, settings, mirror } = route;
  const { stickyBy } = settings;
  return {
    name: model,
    // "Path separated": /v2/models/a is no prefix of /v2/models/ab.
    match: { path_separated_prefix: `/v2/models/${model}` },
    metadata: { filter_metadata: { ratchet: { shift: route.shift, mirrorArm: mirror?.arm ?? '', timeoutMs: settings.timeoutMs } } },
    request_headers_to_remove: [KEY_HEADER], // comes first
    ...(stickyBy === undefined ? {} : { request_headers_to_add: [header(KEY_HEADER, `%REQ(${stickyBy})%`)] }),
    route: routeAction(route),
    typed_per_filter_config: filterConfig(route),
  };
}

const Ratchet = z.looseObject({ route: z.looseObject({}).optional() });
const AnyEntry = z.looseObject({
  metadata: z.looseObject({ filter_metadata: z.looseObject({ ratchet: Ratchet }) }),
  route: z.looseObject({}).optional(),
});

/**
 * The same entry, refusing all requests or no longer: what it would do with them is kept beside that, to be read back and put in
 * force again. An entry that is none of ours stays as it is.
 */
export function withHold(entry: object, isHeld: boolean): object {
  const { data } = AnyEntry.safeParse(entry);
  if (data === undefined || isHeldEntry(data) === isHeld) return entry;
  const { route, direct_response: _answer, response_headers_to_add: _headers, ...rest } = data;
  const { route: kept, ...known } = data.metadata.filter_metadata.ratchet;
  const ratchet = isHeld ? { ...known, route } : known;
  const metadata = { ...data.metadata, filter_metadata: { ...data.metadata.filter_metadata, ratchet } };
  if (!isHeld) return { ...rest, metadata, route: kept };
  return {
    ...rest,
    metadata,
    direct_response: { status: HELD_STATUS, body: { inline_string: 'its serving is paused' } },
    response_headers_to_add: [header('retry-after', RETRY_AFTER_SECONDS)],
  };
}

/** Whether it refuses all requests in our name. */
export function isHeldEntry(entry: object): boolean {
  const { data } = AnyEntry.safeParse(entry);
  return data !== undefined && data.route === undefined && data.metadata.filter_metadata.ratchet.route !== undefined;
}

function routeAction({ settings: { stickyBy, timeoutMs }, splits, mirror }: Route): object {
  return {
    timeout: `${timeoutMs / 1000}s`,
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
  return header(ARM_HEADER, arm);
}

function header(key: string, value: string): object {
  return { header: { key, value }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' };
}

const Header = z.object({ header: z.object({ key: z.string(), value: z.string() }) });
const Action = z.object({
  weighted_clusters: z.object({
    clusters: z.array(z.object({ name: z.string(), weight: z.number().default(0), request_headers_to_add: z.array(Header) })),
  }),
  request_mirror_policies: z.array(z.object({ cluster: z.string() })).default([]),
});
const Entry = z.object({
  name: z.string(),
  metadata: z.object({ filter_metadata: z.object({ ratchet: z.object({ mirrorArm: z.string(), route: Action.optional() }) }) }),
  route: Action.optional(),
});

/** What Envoy does with a model's requests: to whom they go, or would go where all of them are refused. */
export interface EntryInForce {
  readonly split: NonNullable<RouteReading['inForce']>;
  readonly isHeld: boolean;
}

/** One entry of Envoy's own dump, back as the route that it does; null: not one of ours. */
export function parseRouteEntry(entry: unknown): ({ readonly model: string } & EntryInForce) | null {
  const parsed = Entry.safeParse(entry);
  if (!parsed.success) return null;
  const { name, metadata } = parsed.data;
  const isHeld = parsed.data.route === undefined;
  const route = parsed.data.route ?? metadata.filter_metadata.ratchet.route;
  if (route === undefined) return null;
  const splits = route.weighted_clusters.clusters.flatMap(({ name: instance, weight, request_headers_to_add: added }) => {
    const arm = Arm.safeParse(added.find(({ header }) => header.key === ARM_HEADER)?.header.value);
    return weight === 0 || !arm.success ? [] : [{ arm: arm.data, instance, weightPercent: weight }];
  });
  const mirrorArm = Arm.safeParse(metadata.filter_metadata.ratchet.mirrorArm);
  const [mirrored] = route.request_mirror_policies;
  const mirror = mirrored && mirrorArm.success ? { arm: mirrorArm.data, instance: mirrored.cluster } : null;
  return { model: name, split: { splits, mirror }, isHeld };
}
