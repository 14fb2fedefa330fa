import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { ObjectsInTest } from './open-routes.js';
import type { Rule } from './test-gateway.js';

const GROUP = 'gateway.networking.k8s.io';

interface Filter {
  readonly requestMirror?: { readonly backendRef: { readonly name: string } };
  readonly requestHeaderModifier?: { readonly set: readonly { readonly name: string; readonly value: string }[] };
}

interface HttpRoute {
  readonly metadata: { readonly name: string; readonly generation: number };
  readonly spec: {
    readonly rules: readonly {
      readonly matches: readonly {
        readonly path: { readonly value: string };
        readonly headers?: readonly { name: string; value: string }[];
      }[];
      readonly filters?: readonly Filter[];
      readonly backendRefs: readonly { readonly name: string; readonly weight: number; readonly filters?: readonly Filter[] }[];
    }[];
  };
  readonly status?: { readonly parents: readonly { readonly conditions: readonly { readonly observedGeneration: number }[] }[] };
}

export interface GatewayController {
  /** What is in force: routes that it has taken. */
  rules(): Promise<readonly Rule[]>;
  /** Refuses routes to this Service from now on, as one that may not be referred to. */
  refuse(service: string): void;
  /** Says nothing any more, as one that is away. */
  stop(): void;
}

/** As a controller does that serves a Gateway. */
export function acceptGateway({ setStatus }: Pick<ObjectsInTest, 'setStatus'>, name: string): Promise<void> {
  const lastTransitionTime = new Date().toISOString();
  const accepted = { type: 'Accepted', status: 'True', reason: 'Accepted', message: '', observedGeneration: 1, lastTransitionTime };
  return setStatus(GROUP, 'gateways', name, { conditions: [accepted] });
}

/** Plays the controller of a Gateway `public`: reads HTTPRoutes, and says in their status whether it takes them. */
export function startGatewayController({ list, setStatus }: Pick<ObjectsInTest, 'list' | 'setStatus'>): GatewayController {
  const refused = new Set<string>();
  const taken = new Map<string, HttpRoute>();
  let isAway = false;
  const stop = (): void => {
    isAway = true;
  };
  onTestFinished(stop);
  void tend();
  return { rules, refuse: (service) => void refused.add(service), stop };

  async function tend(): Promise<void> {
    while (!isAway) {
      await rules().catch(() => undefined); // looked at again
      await sleep(100);
    }
  }

  async function rules(): Promise<readonly Rule[]> {
    const found = isAway ? [...taken.values()] : await list<HttpRoute>(GROUP, 'httproutes');
    if (!isAway) for (const name of taken.keys()) if (!found.some(({ metadata }) => metadata.name === name)) taken.delete(name);
    for (const route of found) await consider(route);
    return [...taken.values()].flatMap(rulesOf);
  }

  async function consider(route: HttpRoute): Promise<void> {
    const { name, generation } = route.metadata;
    const isKnown = route.status?.parents[0]?.conditions[0]?.observedGeneration === generation;
    const bad = route.spec.rules.flatMap(({ backendRefs }) => backendRefs).find((backend) => refused.has(backend.name));
    if (!bad) taken.set(name, route);
    if (isKnown || isAway) return;
    const lastTransitionTime = new Date().toISOString();
    const said = (type: string, isTrue: boolean) => ({
      type,
      status: isTrue ? 'True' : 'False',
      reason: isTrue ? type : 'RefNotPermitted',
      message: isTrue ? '' : `the Service ${bad?.name} may not be referred to`,
      observedGeneration: generation,
      lastTransitionTime,
    });
    const conditions = [said('Accepted', true), said('ResolvedRefs', bad === undefined)];
    await setStatus(GROUP, 'httproutes', name, {
      parents: [{ parentRef: { name: 'public' }, controllerName: 'ratchet.test/gateway', conditions }],
    });
  }
}

function rulesOf({ spec }: HttpRoute): Rule[] {
  return spec.rules.map(({ matches, filters = [], backendRefs }) => ({
    path: matches[0]!.path.value,
    headers: Object.fromEntries((matches[0]!.headers ?? []).map(({ name, value }) => [name, value])),
    mirror: filters.find(({ requestMirror }) => requestMirror)?.requestMirror?.backendRef.name ?? null,
    backends: backendRefs.map(({ name, weight, filters: own = [] }) => ({
      service: name,
      weight,
      adds: Object.fromEntries(
        own.flatMap(({ requestHeaderModifier }) => (requestHeaderModifier?.set ?? []).map((each) => [each.name, each.value])),
      ),
    })),
  }));
}
