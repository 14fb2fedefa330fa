import type { Arm, Route } from '../../domain/serving.js';
import type { RouteReading } from '../../ports/traffic-router.js';
import type { RouteApi, RouteKind, RouteObject } from '../kubernetes/route-api.js';
import { armsOf, kubernetesName } from '../kubernetes/route-object.js';
import { INSTANCE_LABEL } from '../kubernetes/serving/instance-names.js';
import type { MeshReading } from './mesh-objects.js';
import { atRest, type RolloutState } from './rollout-plan.js';
import { statusOf } from './rollout-status.js';

const REPLICA_SET: RouteKind = { group: 'apps', version: 'v1', plural: 'replicasets', kind: 'ReplicaSet' };

/** What a Rollout does now, by its controller's word and by what the mesh has. */
export function createRolloutReader(api: RouteApi, mesh: { read(route: Route): Promise<MeshReading | null> }) {
  /** Whose pods a ReplicaSet has: it never has others. */
  const known = new Map<string, string>();
  return { stateOf, splitOf };

  async function splitOf(object: RouteObject, asked: Route): Promise<RouteReading['inForce']> {
    const [state, found] = [await stateOf(object), await mesh.read(asked)];
    const { weights } = statusOf(object).canary;
    if (!weights || !found) return null;
    // What the controller says and what the mesh has differ while it works, and where somebody else has changed the mesh.
    if (found.canaryPercent !== weights.canary.weight || found.stableHash !== weights.stable.podTemplateHash) return null;
    if (found.canaryPercent > 0 && found.canaryHash !== weights.canary.podTemplateHash) return null;
    // Its Deployment was started anew: the same version twice.
    if (state.stable === state.canary) return inOrderOf(asked, [{ arm: found.stable, name: state.stable, weightPercent: 100 }]);
    const shares = [
      { arm: found.stable, name: state.stable, weightPercent: 100 - found.canaryPercent },
      { arm: found.canary, name: state.canary, weightPercent: found.canaryPercent },
    ].filter(({ weightPercent }) => weightPercent > 0);
    return inOrderOf(asked, shares);
  }

  async function stateOf(found: RouteObject | null): Promise<RolloutState> {
    if (found === null) return atRest;
    const { stableRS, abort, canary } = statusOf(found);
    const { weights } = canary;
    const versionOf = (hash: string): Promise<string | null> =>
      hash === '' ? Promise.resolve(null) : instanceIn(`${found.metadata.name}-${hash}`);
    return {
      stable: await versionOf(weights?.stable.podTemplateHash ?? stableRS),
      canary: weights === undefined ? null : await versionOf(weights.canary.podTemplateHash),
      canaryPercent: weights?.canary.weight ?? 0,
      isAborted: abort,
    };
  }

  async function instanceIn(replicaSet: string): Promise<string | null> {
    const found = known.get(replicaSet) ?? templateLabels(await api.read(REPLICA_SET, replicaSet))[INSTANCE_LABEL];
    if (found === undefined) return null;
    known.set(replicaSet, found);
    return found;
  }
}

function templateLabels(object: RouteObject | null): Readonly<Record<string, string>> {
  const { template } = (object?.spec ?? {}) as { template?: { metadata?: { labels?: Readonly<Record<string, string>> } } };
  return template?.metadata?.labels ?? {};
}

/** null: a version that we do not know. */
function inOrderOf(
  asked: Route,
  shares: readonly { readonly arm: Arm; readonly name: string | null; readonly weightPercent: number }[],
): RouteReading['inForce'] {
  const order = asked.splits.map(({ instance }) => kubernetesName(instance));
  const { armOf } = armsOf(asked, kubernetesName);
  const splits: Route['splits'] = [];
  for (const { arm, name, weightPercent } of shares) {
    if (name === null) return null;
    splits.push({ arm, instance: armOf(name).instance, weightPercent });
  }
  const placeOf = ({ instance }: { readonly instance: string }): number => order.indexOf(kubernetesName(instance));
  return { splits: splits.toSorted((left, right) => placeOf(left) - placeOf(right)), mirror: null };
}
