import { test } from 'vitest';
import { expectProblems, type Mistake } from './expect-problems.js';

const from = '  triggers:\n';
const serving = (router: string, rest = '') =>
  `  serving:\n    cluster: { kind: kubernetes, image: a, router: { ${router} } }\n${rest}${from}`;
const gatewayApi = 'kind: gateway-api, gateway: { name: public }';
const istio = 'kind: istio, gateways: [istio-ingress/public], hosts: ["*"]';

const mistakes: Mistake[] = [
  ['nothing by the Gateway API', from, serving(gatewayApi)],
  ['nothing by Istio', from, serving(istio, '    concurrentRequestsMax: 64\n')],
  [
    'a router that is not there',
    from,
    serving('kind: gatewayapi'),
    '58:60: error: spec.serving.cluster.router.kind: expected one of gateway-api, istio, found "gatewayapi". Did you mean gateway-api?',
  ],
  [
    'no gateway',
    from,
    serving('kind: gateway-api'),
    '58:44: error: spec.serving.cluster.router.gateway: missing: expected a map. The Gateway that callers ask. It must let in routes of the model’s namespace.',
  ],
  [
    'what an HTTPRoute has no word for',
    from,
    serving(gatewayApi, '    rateLimit: { requestsPerSecond: 5 }\n    concurrentRequestsMax: 64\n'),
    '59:5: error: spec.serving.rateLimit: expected no rateLimit beside cluster.router.kind: gateway-api: an HTTPRoute has no word for it, found {"requestsPerSecond":5}. Say it in a policy of your gateway, and leave it out here',
    '60:5: error: spec.serving.concurrentRequestsMax: expected no concurrentRequestsMax beside cluster.router.kind: gateway-api: an HTTPRoute has no word for it, found 64. Say it in a policy of your gateway, and leave it out here',
  ],
  [
    'callers that stay with a version by Istio',
    from,
    serving(istio, '    stickyBy: x-user\n'),
    '59:5: error: spec.serving.stickyBy: expected no stickyBy beside cluster.router.kind: istio: a VirtualService has no word for it beside weights, found "x-user". Say it in a RequestAuthentication or an EnvoyFilter of your mesh, and leave it out here',
  ],
  [
    'every host in the mesh',
    from,
    serving('kind: istio, gateways: [mesh], hosts: ["*"]'),
    '58:93: error: spec.serving.cluster.router.hosts[0]: expected a host by name, as gateways has mesh: Istio takes no * there, found "*". Name the host that callers in the mesh ask, one for each model',
  ],
  [
    'a Gateway by its name alone',
    from,
    serving('kind: istio, gateways: [public], hosts: ["*"]'),
    '58:78: error: spec.serving.cluster.router.gateways[0]: expected <namespace>/<name> of a Gateway, or mesh, found "public"',
  ],
];

test.for(mistakes)('%s', ([, from, to, ...problems]) => expectProblems(from, to, problems));
