import type { KubernetesServers } from '../../../domain/kubernetes-servers.js';
import type { RolloutSpec } from '../../../domain/rollout-spec.js';
import type { KubernetesRouter } from '../../../domain/serving-cluster.js';
import { ServingSpec } from '../../../domain/serving-spec.js';
import type { Finding, Path } from '../problem.js';
import { valueWords } from '../problem.js';
import type { Rule } from './rule.js';

const SERVING: Path = ['spec', 'serving'];
const ROUTER: Path = [...SERVING, 'cluster', 'router'];
const absent = ServingSpec.parse({});

/** What each kind of router has no word for: said here, not at the first shift, when a model is trained and judged. */
const wordless: Record<
  KubernetesRouter['kind'],
  { readonly what: string; readonly remedy: string; readonly settings: readonly (keyof ServingSpec)[] }
> = {
  'gateway-api': {
    what: 'an HTTPRoute has no word for it',
    remedy: 'say it in a policy of your gateway, and leave it out here',
    settings: ['stickyBy', 'rateLimit', 'jwt', 'concurrentRequestsMax', 'outlier'],
  },
  istio: {
    what: 'a VirtualService has no word for it beside weights',
    remedy: 'say it in a RequestAuthentication or an EnvoyFilter of your mesh, and leave it out here',
    settings: ['stickyBy', 'rateLimit', 'jwt'],
  },
  'argo-rollouts': {
    what: 'a Rollout has no word for it',
    remedy: 'say it in a RequestAuthentication or an EnvoyFilter of your mesh, and leave it out here',
    settings: ['stickyBy', 'rateLimit', 'jwt'],
  },
};

/** What cannot be in force where the model is served, and who may pass by what is. */
export const checkServingCluster: Rule = ({ serving, rollout }) => {
  if (serving == null || serving.cluster?.kind !== 'kubernetes') return []; // SageMaker has rules of its own
  const { router } = serving.cluster;
  return [
    ...checkWords(serving, router),
    ...checkMesh(router),
    ...tellOpenServers(serving.cluster),
    ...(router.kind === 'argo-rollouts' ? [...checkGrowth(serving.cluster), ...checkVersions(rollout)] : []),
  ];
};

function checkWords(serving: ServingSpec, { kind }: KubernetesRouter): Finding[] {
  const { what, remedy, settings } = wordless[kind];
  return settings
    .filter((name) => JSON.stringify(serving[name]) !== JSON.stringify(absent[name]))
    .map((name) => ({
      path: [...SERVING, name],
      atKey: true,
      severity: 'error',
      expected: `no ${name} beside cluster.router.kind: ${kind}: ${what}`,
      found: valueWords(serving[name]),
      remedy,
    }));
}

function checkMesh(router: KubernetesRouter): Finding[] {
  if (router.kind === 'gateway-api' || !router.gateways.includes('mesh')) return [];
  const at = router.hosts.indexOf('*');
  if (at < 0) return [];
  const finding: Finding = {
    path: [...ROUTER, 'hosts', at],
    severity: 'error',
    expected: 'a host by name, as gateways has mesh: Istio takes no * there',
    found: '"*"',
    remedy: 'name the host that callers in the mesh ask, one for each model',
  };
  return [finding];
}

/** No warning: a namespace may have policies of its own, which a model file knows nothing of. */
function tellOpenServers({ allowFrom }: KubernetesServers): Finding[] {
  if (allowFrom !== undefined) return [];
  const finding: Finding = {
    path: [...SERVING, 'cluster'],
    atKey: true,
    severity: 'info',
    message: 'without allowFrom every pod that reaches its servers may ask them, past the gateway and what it asks of callers',
    remedy: 'name the gateway, the worker and Prometheus in allowFrom, unless the namespace has policies of its own',
  };
  return [finding];
}

/** A Rollout's pods are its own: what makes more of the Deployment's would make them where no request comes. */
function checkGrowth({ replicasMax }: KubernetesServers): Finding[] {
  if (replicasMax === undefined) return [];
  const finding: Finding = {
    path: [...SERVING, 'cluster', 'replicasMax'],
    atKey: true,
    severity: 'error',
    expected: 'no replicasMax beside router.kind: argo-rollouts: its pods are the Rollout’s, which do not grow',
    found: String(replicasMax),
    remedy: 'leave it out, and choose serving.replicas for the greatest load',
  };
  return [finding];
}

/** A Rollout has a stable version and a canary, and no third. */
function checkVersions(rollout: RolloutSpec | null | undefined): Finding[] {
  if (rollout == null) return [];
  const beside = 'beside serving.cluster.router.kind: argo-rollouts';
  const finding = (path: Path, expected: string, found: string, remedy: string): Finding => ({
    path: ['spec', 'rollout', ...path],
    severity: 'error',
    expected,
    found,
    remedy,
  });
  const shadows = rollout.steps.flatMap(({ kind }, index) =>
    kind === 'shadow'
      ? [finding(['steps', index, 'kind'], `canary or full ${beside}: it makes no copies`, kind, 'begin with a small canary')]
      : [],
  );
  const needsOne = rollout.steps.some(({ kind }) => kind === 'canary') && rollout.baseline === 'fresh';
  const baseline = needsOne
    ? [finding(['baseline'], `champion ${beside}: a Rollout divides requests between two versions`, 'fresh', 'write baseline: champion')]
    : [];
  const copies =
    rollout.bake.compare === 'mirror'
      ? [finding(['bake', 'compare'], `holdback or none ${beside}: it makes no copies`, 'mirror', 'write compare: holdback')]
      : [];
  return [...shadows, ...baseline, ...copies];
}
