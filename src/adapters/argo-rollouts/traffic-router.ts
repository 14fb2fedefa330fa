import { RatchetError } from '../../domain/failure.js';
import type { Route } from '../../domain/serving.js';
import type { TrafficRouter } from '../../ports/traffic-router.js';
import type { VirtualServiceSettings } from '../istio/virtual-service.js';
import { MODEL_LABEL } from '../kubernetes/job-names.js';
import type { RouteApi, RouteKind, RouteObject } from '../kubernetes/route-api.js';
import { kubernetesName } from '../kubernetes/route-object.js';
import { createRouteRouter } from '../kubernetes/route-router.js';
import { meshNames } from './mesh-division.js';
import { createMeshObjects } from './mesh-objects.js';
import { createRolloutReader } from './read-rollout.js';
import { isSamePlan, planIn, planRollout, stepsOf } from './rollout-plan.js';
import { verdictOfRollout } from './rollout-status.js';

export interface ArgoRolloutsTrafficRouterOptions {
  readonly api: RouteApi;
  /** Where a model's callers come in, by Istio. @throws {RatchetError} RouterRefused: nowhere */
  settingsOf(route: Route): VirtualServiceSettings;
  /** Where callers ask, where that is one place for all models: `http://host:port`. */
  readonly url?: string;
  readonly settleMsMax?: number;
}

const ROLLOUT: RouteKind = { group: 'argoproj.io', version: 'v1alpha1', plural: 'rollouts', kind: 'Rollout' };
const DEPLOYMENT: RouteKind = { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment' };
/** As an instance's Deployment has it. */
const READY_SECONDS_MIN = 2;
const REFUSAL_MS_MIN = 2000;

/**
 * Routes by Argo Rollouts: a Rollout per model, whose pods are made from the Deployment of the version that it moves to. Its
 * controller divides the requests by Istio, and only what it says in the status, and what the mesh then holds, is in force.
 */
export function createArgoRolloutsTrafficRouter({ api, settingsOf, url, settleMsMax }: ArgoRolloutsTrafficRouterOptions): TrafficRouter {
  const mesh = createMeshObjects(api, settingsOf);
  const { stateOf, splitOf } = createRolloutReader(api, mesh);
  return createRouteRouter({
    api,
    ...(url !== undefined && { url }),
    ...(settleMsMax !== undefined && { settleMsMax }),
    dialect: {
      kind: ROLLOUT,
      refusalMsMin: REFUSAL_MS_MIN,
      specOf,
      splitOf,
      verdictOf: verdictOfRollout,
      async prepare(route, found) {
        const state = await stateOf(found);
        await mesh.prepare(route, planRollout(route, state), state);
      },
      isAtNextStage: async (object, asked) => !isSamePlan(planIn(object.spec), planRollout(asked, await stateOf(object))),
    },
  });

  async function specOf(route: Route, found: RouteObject | null): Promise<object> {
    const state = await stateOf(found);
    const plan = planRollout(route, state);
    const { stableService, canaryService, virtualService, rule } = meshNames(route.model);
    return {
      replicas: Math.max(await replicasOf(route), plan.waits && found !== null ? replicasIn(found) : 0),
      paused: false,
      minReadySeconds: READY_SECONDS_MIN,
      selector: { matchLabels: { [MODEL_LABEL]: route.model } },
      workloadRef: { apiVersion: 'apps/v1', kind: DEPLOYMENT.kind, name: plan.workload, scaleDown: 'never' },
      strategy: {
        canary: {
          stableService,
          canaryService,
          trafficRouting: { istio: { virtualService: { name: virtualService, routes: [rule] } } },
          steps: stepsOf(plan, state, found?.spec ?? null),
        },
      },
    };
  }

  /** As many as the largest of them has: each may come to answer everything, as may the one that waits to be turned back to. */
  async function replicasOf({ model, splits }: Route): Promise<number> {
    const counts = splits.map(async ({ instance }) => {
      const found = await api.read(DEPLOYMENT, kubernetesName(instance));
      if (found !== null) return replicasIn(found);
      throw new RatchetError('RouterUnavailable', `route of ${model}: expected a Deployment of instance ${instance}, found none`);
    });
    return Math.max(...(await Promise.all(counts)));
  }
}

function replicasIn({ spec }: RouteObject): number {
  return (spec as { replicas?: number }).replicas ?? 1;
}
