import type { Finding, Path } from '../problem.js';
import type { Rule } from './rule.js';

const place: Path = ['spec', 'trainer', 'cluster'];
/** A worker that is away for a night finds its results. */
const ttlSecondsMin = 86_400;

/** What a Kubernetes cluster would refuse only when the first training starts. */
export const checkCluster: Rule = ({ trainer }) => {
  const cluster = trainer?.cluster;
  if (!trainer || cluster?.kind !== 'kubernetes') return [];
  const mounts = cluster.volumes.map(({ mountPath }) => mountPath);
  const doubled = mounts.findIndex((path, index) => mounts.indexOf(path) !== index || /^\/ratchet(\/|$)/.test(path));
  const hidden = cluster.secrets.findIndex(({ variable }) => trainer.environment[variable] !== undefined);
  const findings: (Finding | false)[] = [
    !/@sha256:[0-9a-f]{64}$/.test(cluster.image) && {
      path: [...place, 'image'],
      severity: 'warning',
      message: `"${cluster.image}" may be another image tomorrow, and nothing would say so`,
      remedy: 'name it by digest: …@sha256:<64 hex digits>',
    },
    cluster.ttlSeconds < ttlSecondsMin && {
      path: [...place, 'ttlSeconds'],
      severity: 'warning',
      message: `a result is known by its Job alone until a worker reads it: one that is away for longer than ${cluster.ttlSeconds} s loses the training`,
      remedy: `write at least ${ttlSecondsMin} (a day), or leave it out (a week)`,
    },
    doubled >= 0 && {
      path: [...place, 'volumes', doubled, 'mountPath'],
      severity: 'error',
      expected: 'a path of its own, not below /ratchet',
      found: `"${mounts[doubled]}"`,
      remedy: 'mount each volume where nothing else is',
    },
    hidden >= 0 && {
      path: [...place, 'secrets', hidden, 'variable'],
      severity: 'error',
      expected: 'a variable that trainer.environment does not set',
      found: `"${cluster.secrets[hidden]!.variable}"`,
      remedy: 'remove one of the two',
    },
  ];
  return findings.filter((finding) => finding !== false);
};
