import { expect, test } from 'vitest';
import { readModelFile } from '../../../src/client/model-file/read-model-file.js';
import { expectProblems, type Mistake } from './expect-problems.js';
import { FILES, GOOD_MODEL_FILE, NOW_MS } from './good-model-file.js';

const from = '  triggers:\n';
const serving = (router: string, rest = '', servers = '') =>
  `  serving:\n    cluster: { kind: kubernetes, image: a, ${servers}router: { ${router} } }\n${rest}${from}`;
const gatewayApi = 'kind: gateway-api, gateway: { name: public }';
const istio = 'kind: istio, gateways: [istio-ingress/public], hosts: ["*"]';

const argo = istio.replace('istio,', 'argo-rollouts,');
const canary = '      - { kind: canary, weightPercent: 5, bakeSeconds: 60 }\n';
const rollout = (steps: string, rest: string) =>
  `  rollout:\n    steps:\n${steps}      - { kind: full, bakeSeconds: 60 }\n    metrics: [{ kind: errors }]\n${rest}`;

const mistakes: Mistake[] = [
  ['nothing by the Gateway API', from, serving(gatewayApi)],
  ['nothing by Istio', from, serving(istio, '    concurrentRequestsMax: 64\n')],
  [
    'nothing by Argo Rollouts, two versions at a time',
    from,
    serving(argo, rollout(canary, '    baseline: champion\n    bake: { seconds: 600 }\n')),
  ],
  [
    'copies, a third version and growth by Argo Rollouts',
    from,
    serving(
      argo,
      rollout(`      - { kind: shadow, bakeSeconds: 60 }\n${canary}`, '    bake: { seconds: 600, compare: mirror }\n'),
      'replicasMax: 4, ',
    ),
    '58:44: error: spec.serving.cluster.replicasMax: expected no replicasMax beside router.kind: argo-rollouts: its pods are the Rollout’s, which do not grow, found 4. Leave it out, and choose serving.replicas for the greatest load',
    '59:3: error: spec.rollout.baseline: expected champion beside serving.cluster.router.kind: argo-rollouts: a Rollout divides requests between two versions, found fresh. Write baseline: champion',
    '61:17: error: spec.rollout.steps[0].kind: expected canary or full beside serving.cluster.router.kind: argo-rollouts: it makes no copies, found shadow. Begin with a small canary',
    '65:36: error: spec.rollout.bake.compare: expected holdback or none beside serving.cluster.router.kind: argo-rollouts: it makes no copies, found mirror. Write compare: holdback',
  ],
  [
    'a router that is not there',
    from,
    serving('kind: gatewayapi'),
    '58:60: error: spec.serving.cluster.router.kind: expected one of gateway-api, istio, argo-rollouts, found "gatewayapi". Did you mean gateway-api?',
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

test.for<[name: string, servers: string, told: unknown[]]>([
  [
    'are told',
    '',
    [
      {
        path: 'spec.serving.cluster',
        message: 'without allowFrom every pod that reaches its servers may ask them, past the gateway and what it asks of callers',
        remedy: expect.stringContaining('name the gateway, the worker and Prometheus in allowFrom'),
      },
    ],
  ],
  ['are none where it is said who may', 'allowFrom: [{ namespace: gateways }], ', []],
])('servers that every pod may ask %s', ([, servers, told]) => {
  const text = GOOD_MODEL_FILE.replace(from, serving(gatewayApi, '', servers));
  const { problems, spec } = readModelFile(text, { file: 'm', fileExists: (path) => FILES.includes(path), nowMs: NOW_MS });
  expect(problems.filter(({ path, severity }) => path === 'spec.serving.cluster' && severity === 'info')).toMatchObject(told);
  expect(spec).not.toBeNull();
});
