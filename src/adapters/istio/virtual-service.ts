import { z } from 'zod';
import type { Arm, Route } from '../../domain/serving.js';
import type { RouteReading } from '../../ports/traffic-router.js';
import { armsOf, holds, kubernetesName, refuseUnknownWords } from '../kubernetes/route-object.js';

export interface VirtualServiceSettings {
  /** `<namespace>/<name>` of the gateways that callers ask; `mesh`: callers in the mesh. */
  readonly gateways: readonly string[];
  /** Of the callers' requests; `*`: whatever host they name. */
  readonly hosts: readonly string[];
  /** Of the Services of instances. */
  readonly namespace: string;
  readonly servicePort: number;
  /** A header whose value names an arm: such a request goes there whatever the weights. Absent: none does. */
  readonly armHeader?: string;
}

const ARM_HEADER = 'x-ratchet-arm';

/** The host under which the mesh knows an instance's Service. */
export function hostOf(instance: string, namespace: string): string {
  return `${kubernetesName(instance)}.${namespace}.svc.cluster.local`;
}

/** @throws {RatchetError} RouterRefused: a setting that a VirtualService has no word for */
export function virtualServiceSpec(route: Route, settings: VirtualServiceSettings): object {
  refuseUnknownWords(
    route,
    'a VirtualService has no word for it beside weights',
    'say it in a RequestAuthentication or an EnvoyFilter of your mesh, and leave it out of the model file',
  );
  return { hosts: [...settings.hosts], gateways: [...settings.gateways], http: rulesOf(route, settings) };
}

function rulesOf(route: Route, { namespace, servicePort, armHeader }: VirtualServiceSettings): object[] {
  const { model, splits, mirror, settings } = route;
  const path = `/v2/models/${model}`;
  // A prefix is of text: /v2/models/a would be one of /v2/models/ab.
  const matches = (headers?: object): object[] =>
    [{ exact: path }, { prefix: `${path}/` }].map((uri) => ({ uri, ...(headers && { headers }) }));
  const destinationOf = (instance: string): object => ({ host: hostOf(instance, namespace), port: { number: servicePort } });
  const to = (arm: Arm, instance: string, weight: number): object => ({
    destination: destinationOf(instance),
    weight,
    headers: { request: { set: { [ARM_HEADER]: arm } }, response: { set: { [ARM_HEADER]: arm } } },
  });
  const always = {
    timeout: `${settings.timeoutMs / 1000}s`,
    // Only what no model server has seen yet is sent again.
    retries: { attempts: 3, retryOn: 'connect-failure,refused-stream,reset-before-request' },
  };
  const named =
    armHeader === undefined
      ? []
      : splits.map(({ arm, instance }) => ({
          match: matches({ [armHeader]: { exact: arm } }),
          route: [to(arm, instance, 100)],
          ...always,
        }));
  const divided = {
    match: matches(),
    route: splits.map(({ arm, instance, weightPercent }) => to(arm, instance, weightPercent)),
    ...(mirror && { mirrors: [{ destination: destinationOf(mirror.instance), percentage: { value: 100 } }] }),
    ...always,
  };
  return [...named, divided];
}

const Destination = z.object({ host: z.string() });
const Divided = z.object({
  route: z.array(z.object({ destination: Destination, weight: z.number().int().default(0) })),
  mirrors: z.array(z.object({ destination: Destination })).default([]),
});

/** What a spec does, whoever wrote it; null: something that we would not ask for. */
export function splitOfVirtualService(spec: object, asked: Route, settings: VirtualServiceSettings): RouteReading['inForce'] {
  const parsed = Divided.safeParse((spec as { http?: unknown[] }).http?.at(-1));
  if (!parsed.success) return null;
  const { route, mirrors } = parsed.data;
  const { armOf, mirrorOf } = armsOf(
    asked,
    (instance) => hostOf(instance, settings.namespace),
    (host) => host.split('.')[0]!,
  );
  const splits = route.map(({ destination, weight }) => ({ ...armOf(destination.host), weightPercent: weight }));
  const mirror = mirrorOf(mirrors[0]?.destination.host);
  const wanted = { hosts: [...settings.hosts], gateways: [...settings.gateways], http: rulesOf({ ...asked, splits, mirror }, settings) };
  return holds(spec, wanted) ? { splits, mirror } : null;
}
