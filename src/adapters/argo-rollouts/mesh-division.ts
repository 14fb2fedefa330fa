import { Arm, type Route } from '../../domain/serving.js';
import { splitOfVirtualService, virtualServiceSpec, type VirtualServiceSettings } from '../istio/virtual-service.js';
import { kubernetesName } from '../kubernetes/route-object.js';
import type { RolloutPlan, RolloutState } from './rollout-plan.js';

/** The rule whose weights are the controller's; it finds it by this name. */
const DIVIDED = 'divided';

export interface MeshNames {
  readonly stableService: string;
  readonly canaryService: string;
  readonly virtualService: string;
  readonly rule: string;
}

export function meshNames(model: string): MeshNames {
  const name = (role: string): string => kubernetesName(`${model}-${role}`);
  return { stableService: name('stable'), canaryService: name('canary'), virtualService: kubernetesName(model), rule: DIVIDED };
}

/** Which arm answers at each of the two Services, as callers and servers are told. */
export interface Roles {
  readonly stable: Arm;
  readonly canary: Arm;
}

export interface Division extends Roles {
  readonly canaryPercent: number;
}

export function rolesOf({ splits }: Route, { workload }: Pick<RolloutPlan, 'workload'>, { stable }: RolloutState): Roles {
  const armOf = (name: string): Arm | undefined => splits.find(({ instance }) => kubernetesName(instance) === name)?.arm;
  const planned = armOf(workload) ?? 'challenger';
  return {
    stable: stable === null ? planned : (armOf(stable) ?? 'champion'),
    canary: workload === stable ? 'challenger' : planned,
  };
}

/** The model's requests as Istio sees them: two Services, whatever version is behind them. */
function meshRoute(route: Route, roles: Roles, canaryPercent: number): Route {
  const { stableService, canaryService } = meshNames(route.model);
  return {
    ...route,
    splits: [
      { arm: roles.stable, instance: stableService, weightPercent: 100 - canaryPercent },
      { arm: roles.canary, instance: canaryService, weightPercent: canaryPercent },
    ],
  };
}

/** What a VirtualService does with the requests, whoever wrote it; null: rules that we would not ask for. */
export function divisionIn(spec: object, route: Route, settings: VirtualServiceSettings): Division | null {
  const [stable, canary] = armsToldIn(spec);
  if (stable === undefined || canary === undefined) return null;
  const [, canaryPercent = 0] = weightsIn(spec);
  const split = splitOfVirtualService(spec, meshRoute(route, { stable, canary }, canaryPercent), settings);
  if (split?.splits.length !== 2 || split.mirror !== null) return null;
  return { stable, canary, canaryPercent: split.splits[1]!.weightPercent };
}

interface Told {
  readonly weight?: number;
  readonly headers?: { readonly request?: { readonly set?: Readonly<Record<string, string>> } };
}

function dividedIn(spec: object): readonly Told[] {
  const rules = (spec as { http?: { route?: Told[] }[] }).http;
  return rules?.at(-1)?.route ?? [];
}

/** As they are, stable and canary; empty: none. */
export function weightsIn(spec: object): number[] {
  return dividedIn(spec).map(({ weight = 0 }) => weight);
}

function armsToldIn(spec: object): (Arm | undefined)[] {
  return dividedIn(spec).map(({ headers }) => Arm.safeParse(headers?.request?.set?.['x-ratchet-arm']).data);
}

/** The VirtualService with this share for the canary. @throws {RatchetError} RouterRefused: a setting that it has no word for */
export function meshSpec(route: Route, roles: Roles, canaryPercent: number, settings: VirtualServiceSettings): object {
  const { http, ...rest } = virtualServiceSpec(meshRoute(route, roles, canaryPercent), settings) as { http: object[] };
  return { ...rest, http: http.map((rule, index) => (index === http.length - 1 ? { name: DIVIDED, ...rule } : rule)) };
}
