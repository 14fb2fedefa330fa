import { z } from 'zod';
import { RatchetError } from '../../domain/failure.js';
import type { Route } from '../../domain/serving.js';

const ErrorState = z.object({ details: z.string().optional(), last_update_attempt: z.string().optional() }).optional();
const RouteEntry = z.object({
  name: z.string().optional(),
  route: z
    .object({
      weighted_clusters: z
        .object({
          clusters: z.array(
            z.object({
              name: z.string(),
              weight: z.number().optional(),
              request_headers_to_add: z.array(z.object({ header: z.object({ key: z.string(), value: z.string().optional() }) })).optional(),
            }),
          ),
        })
        .optional(),
      request_mirror_policies: z.array(z.object({ cluster: z.string().optional() })).optional(),
    })
    .optional(),
});
type RouteEntry = z.infer<typeof RouteEntry>;
const Dump = z.object({
  configs: z
    .array(
      z.looseObject({
        version_info: z.string().optional(),
        error_state: ErrorState,
        active_state: z.object({ version_info: z.string().optional() }).optional(),
        cluster: z.object({ name: z.string() }).optional(),
        route_config: z.object({ virtual_hosts: z.array(z.object({ routes: z.array(RouteEntry).optional() })).optional() }).optional(),
      }),
    )
    .optional(),
});
type DumpedConfigs = NonNullable<z.infer<typeof Dump>['configs']>;

/** What the proxy itself says of its configuration. */
export interface ProxyConfig {
  /** The version of the routes and of the listener in force; null: none. */
  readonly routesVersion: string | null;
  readonly listenerVersion: string | null;
  readonly clusters: ReadonlySet<string>;
  readonly routes: ReadonlyMap<string, Pick<Route, 'splits' | 'mirror'>>;
  /** Why it refused the last update, in its own words, and when; null: it did not. */
  readonly refusal: { readonly words: string; readonly atMs: number } | null;
}

const ASK_MS = 2000;

/** Reads the proxy's configuration over its admin interface. @throws {RatchetError} RouterUnavailable */
export async function readProxyConfig(adminUrl: string): Promise<ProxyConfig> {
  const [routes, clusters, listeners] = await Promise.all(
    ['dynamic_route_configs', 'dynamic_active_clusters', 'dynamic_listeners'].map((resource) => dump(adminUrl, resource)),
  );
  const ours = routes!.find(({ route_config }) => route_config !== undefined);
  const entries = ours?.route_config?.virtual_hosts?.flatMap((host) => host.routes ?? []) ?? [];
  return {
    routesVersion: ours?.version_info ?? null,
    listenerVersion: listeners![0]?.active_state?.version_info ?? null,
    clusters: new Set(clusters!.flatMap(({ cluster }) => cluster?.name ?? [])),
    routes: new Map(entries.map((entry) => [entry.name ?? '', splitOf(entry)])),
    refusal: refusalOf([...routes!, ...clusters!, ...listeners!]),
  };
}

async function dump(adminUrl: string, resource: string): Promise<DumpedConfigs> {
  try {
    const response = await fetch(`${adminUrl}/config_dump?resource=${resource}`, { signal: AbortSignal.timeout(ASK_MS) });
    if (response.status === 404) return []; // nothing of this kind yet
    return Dump.parse(await response.json()).configs ?? [];
  } catch (error) {
    throw new RatchetError(
      'RouterUnavailable',
      `the proxy at ${adminUrl} does not answer: ${error instanceof Error ? error.message : String(error)}`,
      {
        remedy: 'ratchet status says whether it runs; its log is logs/envoy.log',
        cause: error,
      },
    );
  }
}

function splitOf({ route }: RouteEntry): Pick<Route, 'splits' | 'mirror'> {
  const splits = (route?.weighted_clusters?.clusters ?? []).flatMap(({ name, weight, request_headers_to_add }) => {
    const arm = request_headers_to_add?.find(({ header }) => header.key === 'x-ratchet-arm')?.header.value;
    return weight === undefined || weight === 0
      ? []
      : [{ arm: (arm ?? 'champion') as Route['splits'][number]['arm'], instance: name, weightPercent: weight }];
  });
  const copies = route?.request_mirror_policies?.[0]?.cluster;
  // Which arm gets the copies does not stand in the proxy: it is not the one that answers.
  const arm = splits.some((split) => split.arm === 'challenger') ? 'champion' : 'challenger';
  return { splits, mirror: copies === undefined ? null : { arm, instance: copies } };
}

function refusalOf(configs: DumpedConfigs): ProxyConfig['refusal'] {
  const refusals = configs.flatMap(({ error_state }) =>
    error_state?.details === undefined ? [] : [{ words: error_state.details, atMs: Date.parse(error_state.last_update_attempt ?? '') }],
  );
  return refusals.sort((a, b) => b.atMs - a.atMs)[0] ?? null;
}

/** What the update counters say that they refused. A refused file of clusters leaves no other trace. */
export async function readRejected(adminUrl: string): Promise<number> {
  try {
    const response = await fetch(`${adminUrl}/stats?format=json&filter=update_rejected|update_failure`, {
      signal: AbortSignal.timeout(ASK_MS),
    });
    const { stats } = z.object({ stats: z.array(z.object({ value: z.number().optional() })) }).parse(await response.json());
    return stats.reduce((sum, { value }) => sum + (value ?? 0), 0);
  } catch {
    return 0;
  }
}
