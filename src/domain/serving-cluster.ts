import { z } from 'zod';
import { DnsLabel, DnsName } from './kubernetes-cluster.js';
import { KubernetesServers } from './kubernetes-servers.js';
import { SAGEMAKER_SHIFT_SECONDS_MAX, SageMakerServers } from './sagemaker-servers.js';

const HeaderName = z.string().regex(/^[a-z0-9-]+$/, 'expected a header’s name in lower-case letters, digits and dashes');
const HostName = z
  .string()
  .regex(
    /^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/,
    'expected a host’s name in lower case, its first part may be *',
  );

const shared = {
  url: z
    .url({ protocol: /^https?$/, error: 'expected an http(s) address' })
    .optional()
    .describe('Where the gateway answers callers, without a path; `ratchet predict` asks there. Absent: predict cannot ask.'),
  armHeader: HeaderName.optional().describe(
    'A request with this header goes to the arm that its value names (champion, challenger, baseline), whatever the weights. Absent: none does.',
  ),
};

export const GatewayApiRouter = z.strictObject({
  kind: z.literal('gateway-api').describe('An HTTPRoute of the Gateway API, whatever gateway puts it in force.'),
  gateway: z
    .strictObject({
      name: DnsName.describe('The Gateway.'),
      namespace: DnsLabel.optional().describe('Where it lies; absent: in the model’s namespace.'),
      sectionName: DnsName.optional().describe('One of its listeners; absent: all that let the route in.'),
    })
    .describe('The Gateway that callers ask. It must let in routes of the model’s namespace.'),
  hostnames: z
    .array(HostName)
    .min(1)
    .max(16)
    .optional()
    .describe('Hosts that callers name, such as models.example.com; absent: whatever they name.'),
  ...shared,
});
export type GatewayApiRouter = z.infer<typeof GatewayApiRouter>;

const byIstio = {
  gateways: z
    .array(z.string().regex(/^(mesh|[a-z0-9-]+\/[a-z0-9.-]+)$/, 'expected <namespace>/<name> of a Gateway, or mesh'))
    .min(1)
    .describe('Where callers come in: `<namespace>/<name>` of Istio’s Gateways, or `mesh`: callers in the mesh.'),
  hosts: z
    .array(z.union([z.literal('*'), HostName], { error: 'expected a host’s name in lower case, or *' }))
    .min(1)
    .describe('Hosts that callers name; `*`: whatever they name, which callers in the mesh cannot.'),
  ...shared,
};

export const IstioRouter = z.strictObject({
  kind: z.literal('istio').describe('A VirtualService of Istio, and a DestinationRule for each version.'),
  ...byIstio,
});
export type IstioRouter = z.infer<typeof IstioRouter>;

export const ArgoRolloutsRouter = z.strictObject({
  kind: z
    .literal('argo-rollouts')
    .describe('A Rollout of Argo Rollouts, whose controller divides the requests by Istio, two versions at a time and without copies.'),
  ...byIstio,
});
export type ArgoRolloutsRouter = z.infer<typeof ArgoRolloutsRouter>;

/** What divides the requests; one object per model. */
export const KubernetesRouter = z.discriminatedUnion('kind', [GatewayApiRouter, IstioRouter, ArgoRolloutsRouter]);
export type KubernetesRouter = z.infer<typeof KubernetesRouter>;

export const LocalServing = z.strictObject({
  kind: z.literal('local').describe('Model servers are processes of the worker’s machine, behind its Envoy.'),
});

export const KubernetesServing = z.strictObject({
  ...KubernetesServers.shape,
  router: KubernetesRouter.describe('What divides the requests between versions.'),
});
export type KubernetesServing = z.infer<typeof KubernetesServing>;

export const SageMakerServing = z.strictObject({
  ...SageMakerServers.shape,
  url: z
    .url({ protocol: /^https?$/, error: 'expected an http(s) address' })
    .optional()
    .describe(
      'Where a gateway of yours answers callers by the Open Inference Protocol and signs for SageMaker, without a path; `ratchet predict` asks there. Absent: predict cannot ask.',
    ),
  alarms: z
    .array(z.string().min(1).max(255))
    .max(100)
    .optional()
    .describe(
      'Names of CloudWatch alarms of the worker’s account and Region: one in ALARM turns a rollout, or the bake after it, back. Absent: none.',
    ),
});
export type SageMakerServing = z.infer<typeof SageMakerServing>;

/** Where versions answer: the one block that differs between a laptop and a cluster. */
export const ServingCluster = z.discriminatedUnion('kind', [LocalServing, KubernetesServing, SageMakerServing]);
export type ServingCluster = z.infer<typeof ServingCluster>;

/** Where a model's route lies: what of the block the router needs to find it again, and to ask for it anew, without the spec. */
export const RoutePlace = z.discriminatedUnion('kind', [
  KubernetesServing.pick({ kind: true, namespace: true, router: true }),
  SageMakerServing.pick({ kind: true, url: true }),
]);
export type RoutePlace = z.infer<typeof RoutePlace>;

/** What runs the servers, without what divides their requests: that may change while they run. undefined: the worker's machine. */
export function serversOf(cluster: ServingCluster | undefined): KubernetesServers | SageMakerServers | undefined {
  if (cluster === undefined || cluster.kind === 'local') return undefined;
  if (cluster.kind === 'sagemaker') {
    const { url: _url, alarms: _alarms, ...servers } = cluster;
    return servers;
  }
  const { router: _router, ...servers } = cluster;
  return servers;
}

/** What divides the requests there, as the model file calls it. */
export function routerKindOf(place: RoutePlace): KubernetesRouter['kind'] | 'sagemaker' {
  return place.kind === 'sagemaker' ? 'sagemaker' : place.router.kind;
}

/** Where callers ask, without a path. undefined: the file does not say. */
export function urlOf(place: RoutePlace): string | undefined {
  return place.kind === 'sagemaker' ? place.url : place.router.url;
}

/** Where requests are divided, in words: `gateway-api in namespace web`. */
export function placeInWords(place: RoutePlace): string {
  const namespace = place.kind === 'sagemaker' ? undefined : place.namespace;
  return `${routerKindOf(place)}${namespace === undefined ? '' : ` in namespace ${namespace}`}`;
}

/** Why all requests that are divided there cannot be refused by us; null: they can. */
export function whyNotHeld(place: RoutePlace | undefined): string | null {
  return place === undefined
    ? null
    : `its requests are divided by ${routerKindOf(place)}, and only the proxy of the worker’s machine can refuse them`;
}

/** undefined: before the proxy of the worker's machine. */
export function placeOfRoute(cluster: ServingCluster | undefined): RoutePlace | undefined {
  if (cluster === undefined || cluster.kind === 'local') return undefined;
  if (cluster.kind === 'sagemaker') return { kind: cluster.kind, ...(cluster.url !== undefined && { url: cluster.url }) };
  const { kind, namespace, router } = cluster;
  return { kind, ...(namespace !== undefined && { namespace }), router };
}

/** Alarms that turn its rollouts back. */
export function alarmsOf(cluster: ServingCluster | undefined): readonly string[] {
  return (cluster?.kind === 'sagemaker' && cluster.alarms) || [];
}

/** So long a shift of traffic may take there, in seconds; undefined: as long as anywhere, a minute. */
export function shiftSecondsMaxOf(cluster: ServingCluster | undefined): number | undefined {
  return cluster?.kind === 'sagemaker' ? SAGEMAKER_SHIFT_SECONDS_MAX : undefined;
}
