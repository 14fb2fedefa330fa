import { z } from 'zod';
import type { Arm, Route } from '../../domain/serving.js';
import type { RouteReading } from '../../ports/traffic-router.js';
import type { RouteObject } from '../kubernetes/route-api.js';
import { armsOf, holds, kubernetesName, refuseUnknownWords } from '../kubernetes/route-object.js';
import type { Verdict } from '../kubernetes/route-dialect.js';

export interface HttpRouteSettings {
  /** The Gateway that callers ask, and where it lies where that is another namespace. */
  readonly gateway: { readonly name: string; readonly namespace?: string; readonly sectionName?: string };
  /** Absent: whatever host callers name. */
  readonly hostnames?: readonly string[];
  /** Where the Services of instances answer. */
  readonly servicePort: number;
  /** A header whose value names an arm: such a request goes there whatever the weights. Absent: none does. */
  readonly armHeader?: string;
}

const ARM_HEADER = 'x-ratchet-arm';

/** @throws {RatchetError} RouterRefused: a setting that HTTPRoute has no word for */
export function httpRouteSpec(route: Route, { gateway, hostnames, ...settings }: HttpRouteSettings): object {
  refuseUnknownWords(route, 'an HTTPRoute has no word for it', 'say it in a policy of your gateway, and leave it out of the model file');
  return {
    parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', ...gateway }],
    ...(hostnames && { hostnames: [...hostnames] }),
    rules: rulesOf(route, settings),
  };
}

/** Whether an HTTPRoute belongs to this Gateway, by whichever of its listeners. */
export function belongsTo(spec: object, gateway: HttpRouteSettings['gateway']): boolean {
  const { parentRefs = [] } = spec as { parentRefs?: readonly { readonly name?: string; readonly namespace?: string }[] };
  return parentRefs.some(({ name, namespace }) => name === gateway.name && namespace === gateway.namespace);
}

function rulesOf(route: Route, { servicePort: port, armHeader }: Pick<HttpRouteSettings, 'servicePort' | 'armHeader'>): object[] {
  const { model, splits, mirror, settings } = route;
  // By whole parts of the path: /v2/models/a is no prefix of /v2/models/ab.
  const path = { type: 'PathPrefix', value: `/v2/models/${model}` };
  const timeouts = { request: `${settings.timeoutMs}ms` };
  const backend = (arm: Arm, instance: string, weight: number): object => ({
    name: kubernetesName(instance),
    port,
    weight,
    filters: ['RequestHeaderModifier', 'ResponseHeaderModifier'].map((type) => ({
      type,
      [`${type[0]!.toLowerCase()}${type.slice(1)}`]: { set: [{ name: ARM_HEADER, value: arm }] },
    })),
  });
  const named =
    armHeader === undefined
      ? []
      : splits.map(({ arm, instance }) => ({
          matches: [{ path, headers: [{ type: 'Exact', name: armHeader, value: arm }] }],
          timeouts,
          backendRefs: [backend(arm, instance, 1)],
        }));
  const copies = mirror && [{ type: 'RequestMirror', requestMirror: { backendRef: { name: kubernetesName(mirror.instance), port } } }];
  const divided = {
    matches: [{ path }],
    timeouts,
    ...(copies && { filters: copies }),
    backendRefs: splits.map(({ arm, instance, weightPercent }) => backend(arm, instance, weightPercent)),
  };
  return [...named, divided];
}

const Divided = z.object({
  filters: z
    .array(z.object({ type: z.string(), requestMirror: z.object({ backendRef: z.object({ name: z.string() }) }).optional() }))
    .default([]),
  backendRefs: z.array(z.object({ name: z.string(), weight: z.number().int().default(1) })),
});

/** What a spec does, whoever wrote it; null: something that we would not ask for. */
export function splitOfHttpRoute(spec: object, asked: Route, settings: HttpRouteSettings): RouteReading['inForce'] {
  const parsed = Divided.safeParse((spec as { rules?: unknown[] }).rules?.at(-1));
  if (!parsed.success) return null;
  const { backendRefs, filters } = parsed.data;
  const { armOf, mirrorOf } = armsOf(asked, kubernetesName);
  const splits = backendRefs.flatMap(({ name, weight }) => (weight === 0 ? [] : [{ ...armOf(name), weightPercent: weight }]));
  const mirror = mirrorOf(filters.find(({ type }) => type === 'RequestMirror')?.requestMirror?.backendRef.name);
  const all = { rules: backendRefs.some(({ weight }) => weight === 0) ? undefined : rulesOf({ ...asked, splits, mirror }, settings) };
  return holds(spec, all) && holds(spec, { parentRefs: [settings.gateway] }) ? { splits, mirror } : null;
}

const Status = z.object({
  parents: z.array(
    z.object({
      parentRef: z.object({ name: z.string() }),
      conditions: z
        .array(
          z.object({
            type: z.string(),
            status: z.string(),
            message: z.string().default(''),
            reason: z.string().default(''),
            observedGeneration: z.number().default(0),
          }),
        )
        .default([]),
    }),
  ),
});

/** What the gateway says of the spec as it is now, not as it was. */
export function verdictOfHttpRoute({ status, metadata }: RouteObject, { gateway }: HttpRouteSettings): Verdict {
  const parsed = Status.safeParse(status);
  const parents = parsed.success ? parsed.data.parents.filter(({ parentRef }) => parentRef.name === gateway.name) : [];
  const said = parents
    .flatMap(({ conditions }) => conditions)
    .filter(({ observedGeneration }) => observedGeneration === metadata.generation);
  const refusal = said.find(({ type, status: is }) => ['Accepted', 'ResolvedRefs'].includes(type) && is === 'False');
  if (refusal) return { kind: 'refused', words: `the gateway ${gateway.name} says ${refusal.reason}: ${refusal.message}` };
  const holdsAll = ['Accepted', 'ResolvedRefs'].every((type) => said.some((each) => each.type === type && each.status === 'True'));
  return { kind: holdsAll ? 'taken' : 'pending' };
}
