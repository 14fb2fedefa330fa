/** What a proxy does with requests. */
export interface ProxyRoute {
  /** In percent, by Service. */
  readonly weights: Readonly<Record<string, number>>;
  /** Services that get copies. */
  readonly mirrors: readonly string[];
}

interface Route {
  readonly match: {
    readonly prefix?: string;
    readonly path?: string;
    readonly path_separated_prefix?: string;
    readonly headers?: object[];
  };
  readonly route?: {
    readonly cluster?: string;
    readonly weighted_clusters?: { readonly clusters: readonly { readonly name: string; readonly weight: number }[] };
    readonly request_mirror_policies?: readonly { readonly cluster: string }[];
  };
}

interface Dump {
  readonly configs: readonly {
    readonly dynamic_route_configs?: readonly {
      readonly route_config: { readonly virtual_hosts?: readonly { readonly routes?: readonly Route[] }[] };
    }[];
  }[];
}

/** What Envoy itself says that it does with a model's requests that name no arm; null: nothing. */
export async function routeInProxy(adminUrl: string, model: string): Promise<ProxyRoute | null> {
  const reply = await fetch(`${adminUrl}/config_dump`);
  const { configs } = (await reply.json()) as Dump;
  const hosts = configs
    .flatMap(({ dynamic_route_configs: found = [] }) => found)
    .flatMap(({ route_config: { virtual_hosts: all = [] } }) => all);
  const path = `/v2/models/${model}`;
  const found = hosts
    .flatMap(({ routes = [] }) => routes)
    .find(({ match: { prefix, path: exact, path_separated_prefix: parts, headers } }) => {
      return !headers?.length && [exact, parts, prefix?.replace(/\/$/, '')].includes(path);
    });
  if (!found?.route) return null;
  const { cluster, weighted_clusters: divided, request_mirror_policies: copies = [] } = found.route;
  const weights = divided?.clusters ?? [{ name: cluster!, weight: 100 }];
  return {
    weights: Object.fromEntries(weights.map(({ name, weight }) => [serviceOf(name), weight])),
    mirrors: copies.map((copy) => serviceOf(copy.cluster)),
  };
}

/** `outbound|8080||m-1.serving.svc.cluster.local`: Istio's name of a Service. */
function serviceOf(cluster: string): string {
  return cluster.split('|').at(-1)!.split('.')[0]!;
}
