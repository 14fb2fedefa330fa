import type { Route } from '../../domain/serving.js';
import { DESTINATION_RULE, destinationRule } from '../istio/destination-rule.js';
import type { VirtualServiceSettings } from '../istio/virtual-service.js';
import { MODEL_LABEL } from '../kubernetes/job-names.js';
import type { RouteApi, RouteKind } from '../kubernetes/route-api.js';
import { holds, refuseForeign, routeLabels } from '../kubernetes/route-object.js';
import { divisionIn, meshNames, meshSpec, rolesOf, weightsIn, type Division, type Roles } from './mesh-division.js';
import type { RolloutPlan, RolloutState } from './rollout-plan.js';

const VIRTUAL_SERVICE: RouteKind = { group: 'networking.istio.io', version: 'v1', plural: 'virtualservices', kind: 'VirtualService' };
/** By which the controller tells one version's pods from another's. */
const HASH_LABEL = 'rollouts-pod-template-hash';

/** What the mesh does, and whose pods are behind the two Services. */
export interface MeshReading extends Division {
  readonly stableHash: string;
  readonly canaryHash: string;
}

/** The Services, the VirtualService and the limits that a Rollout needs beside it; weights and selectors in them are the controller's. */
export function createMeshObjects(api: RouteApi, settingsOf: (route: Route) => VirtualServiceSettings) {
  return { prepare, read };

  async function prepare(route: Route, plan: RolloutPlan, state: RolloutState): Promise<void> {
    const settings = settingsOf(route);
    const { stableService, canaryService } = meshNames(route.model);
    for (const name of [stableService, canaryService]) {
      const { uid: serviceUid, labels } = await api.ensureService(serviceOf(name, route.model, settings.servicePort));
      refuseForeign(route.model, { kind: 'Service', metadata: { name, labels } });
      await api.apply(DESTINATION_RULE, destinationRule(name, route, { serviceUid, namespace: settings.namespace }));
    }
    const roles = rolesOf(route, plan, state);
    let isWritten = false;
    while (!isWritten) isWritten = await prepareVirtualService(route, roles, state.canaryPercent, settings);
  }

  /** False: somebody else wrote meanwhile. */
  async function prepareVirtualService(
    route: Route,
    roles: Roles,
    percentInForce: number,
    settings: VirtualServiceSettings,
  ): Promise<boolean> {
    const { virtualService: name } = meshNames(route.model);
    const found = await api.read(VIRTUAL_SERVICE, name);
    if (found) refuseForeign(route.model, found);
    const percent = weightsIn(found?.spec ?? {})[1] ?? percentInForce;
    const wanted = meshSpec(route, roles, percent, settings);
    if (found && holds(found.spec, wanted)) return true;
    const metadata = { name, labels: routeLabels(route.model) };
    const object = {
      apiVersion: `${VIRTUAL_SERVICE.group}/${VIRTUAL_SERVICE.version}`,
      kind: VIRTUAL_SERVICE.kind,
      metadata,
      spec: wanted,
    };
    if (found === null) return (await api.create(VIRTUAL_SERVICE, object)) !== null;
    const { resourceVersion } = found.metadata;
    return (await api.apply(VIRTUAL_SERVICE, { ...object, metadata: { ...metadata, resourceVersion: resourceVersion! } })) !== null;
  }

  /** null: its rules are not ours. */
  async function read(route: Route): Promise<MeshReading | null> {
    const { virtualService, stableService, canaryService } = meshNames(route.model);
    const found = await api.read(VIRTUAL_SERVICE, virtualService);
    const division = found && divisionIn(found.spec, route, settingsOf(route));
    const [stableHash, canaryHash] = await Promise.all([stableService, canaryService].map(hashBehind));
    return division && { ...division, stableHash: stableHash!, canaryHash: canaryHash! };
  }

  async function hashBehind(service: string): Promise<string> {
    return (await api.readService(service))?.selector[HASH_LABEL] ?? '';
  }
}

/** It selects nobody until the controller says whom. */
function serviceOf(name: string, model: string, port: number) {
  return {
    name,
    labels: routeLabels(model),
    spec: {
      selector: { [MODEL_LABEL]: model, [HASH_LABEL]: 'none' },
      ports: [{ name: 'http', port, targetPort: 'http', protocol: 'TCP', appProtocol: 'http' }],
    },
  };
}
