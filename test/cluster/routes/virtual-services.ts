import type { ObjectsInTest } from './open-routes.js';
import type { Rule } from './test-gateway.js';

interface VirtualService {
  readonly spec: {
    readonly http: readonly {
      readonly match: readonly {
        readonly uri: { readonly exact?: string };
        readonly headers?: Readonly<Record<string, { exact: string }>>;
      }[];
      readonly mirrors?: readonly { readonly destination: { readonly host: string } }[];
      readonly route: readonly {
        readonly destination: { readonly host: string };
        readonly weight: number;
        readonly headers: { readonly request: { readonly set: Readonly<Record<string, string>> } };
      }[];
    }[];
  };
}

/** What VirtualServices ask for, as they are now. */
export async function rulesOfMesh({ list }: Pick<ObjectsInTest, 'list'>): Promise<Rule[]> {
  const service = ({ host }: { readonly host: string }): string => host.split('.')[0]!;
  return (await list<VirtualService>('networking.istio.io', 'virtualservices')).flatMap(({ spec }) =>
    spec.http.map(({ match, mirrors = [], route }) => ({
      path: match.find(({ uri }) => uri.exact !== undefined)!.uri.exact!,
      headers: Object.fromEntries(Object.entries(match[0]!.headers ?? {}).map(([name, { exact }]) => [name, exact])),
      mirror: mirrors[0] ? service(mirrors[0].destination) : null,
      backends: route.map(({ destination, weight, headers }) => ({ service: service(destination), weight, adds: headers.request.set })),
    })),
  );
}
