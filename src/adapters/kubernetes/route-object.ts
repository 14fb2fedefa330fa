import { digestOfBytes, shortDigest } from '../../domain/digest.js';
import { RatchetError } from '../../domain/failure.js';
import { Route } from '../../domain/serving.js';
import type { Arm } from '../../domain/serving.js';
import type { RouteObject } from './route-api.js';

/** What was last asked for: the fence lies in the object that it guards, so that both change at once or not at all. */
const ASKED = 'ratchet.dev/asked';
/** What was asked for before, to be gone back to where this one is refused. */
const BEFORE = 'ratchet.dev/before';
/** For people: the number in `asked`. */
const SHIFT = 'ratchet.dev/shift';
const MODEL = 'ratchet.dev/model';
const MANAGED_BY = 'app.kubernetes.io/managed-by';
const MANAGER = 'ratchet';
const NAME_CHARS_MAX = 63;

/** A model's object, or an instance's Service: the same always; one that is too long is cut and made unique by its digest. */
export function kubernetesName(name: string): string {
  const whole = /^[a-z]/.test(name) ? name : `r-${name}`; // a Service may not begin with a digit
  if (whole.length <= NAME_CHARS_MAX) return whole;
  return `${whole.slice(0, NAME_CHARS_MAX - 9).replace(/-+$/, '')}-${shortDigest(digestOfBytes(name))}`;
}

export function routeLabels(model: string): Readonly<Record<string, string>> {
  return { [MANAGED_BY]: MANAGER, [MODEL]: model };
}

/** How it is known again, and what it is asked to do. */
export function routeMetadata(route: Route, before: Route | null): RouteObject['metadata'] {
  return {
    name: kubernetesName(route.model),
    labels: routeLabels(route.model),
    annotations: {
      [ASKED]: JSON.stringify(route),
      [SHIFT]: String(route.shift),
      ...(before !== null && { [BEFORE]: JSON.stringify(before) }),
    },
  };
}

/**
 * By its labels: what we made stays ours where somebody has taken its annotations away, so that traffic can be given back.
 * @throws {RatchetError} RouterRefused: it answers for somebody else, and to take it over would end that
 */
export function refuseForeign(model: string, { kind, metadata: { name, labels = {} } }: Pick<RouteObject, 'kind' | 'metadata'>): void {
  if (labels[MANAGED_BY] === MANAGER && labels[MODEL] === model) return;
  throw new RatchetError('RouterRefused', `route of ${model}: expected no ${kind} ${name} but our own, found one that we have not made`, {
    remedy: 'rename it, or give the model another metadata.name',
  });
}

/** null: an object that is not ours. @throws {RatchetError} RouterUnavailable: it is no longer to be read */
export function askedIn(object: RouteObject): Route | null {
  return parse(object, ASKED);
}

/** @throws {RatchetError} as askedIn */
export function beforeIn(object: RouteObject): Route | null {
  return parse(object, BEFORE);
}

/** What it was asked for last and before that: where it may have to go back to. @throws {RatchetError} as askedIn */
export function routesIn(object: RouteObject | null): Route[] {
  return object === null ? [] : [askedIn(object), beforeIn(object)].filter((route) => route !== null);
}

function parse({ kind, metadata }: RouteObject, annotation: string): Route | null {
  const text = metadata.annotations?.[annotation];
  if (text === undefined) return null;
  try {
    return Route.parse(JSON.parse(text));
  } catch (error) {
    const what = `${kind} ${metadata.name}: annotation ${annotation}`;
    throw new RatchetError('RouterUnavailable', `${what}: expected the route that was asked for, found something else`, {
      remedy: `remove the ${kind}: the next shift makes it again`,
      detail: error instanceof Error ? error.message : String(error),
      cause: error,
    });
  }
}

/** @throws {RatchetError} RouterRefused: the model file asks for what this kind of route cannot say */
export function refuseUnknownWords({ model, settings }: Route, why: string, remedy: string): void {
  const unknown = (['stickyBy', 'rateLimit', 'jwt'] as const).filter((name) => settings[name] !== undefined);
  if (unknown.length === 0) return;
  throw new RatchetError('RouterRefused', `route of ${model}: expected no serving.${unknown.join(', serving.')}: ${why}`, { remedy });
}

/**
 * Which arm a found destination is, by the route that was asked for; one that it does not name is nobody's we know, so a
 * challenger.
 *
 * @param nameOf what an instance is called in the route's object
 * @param instanceOf the instance that an unknown one is taken for
 */
export function armsOf(asked: Route, nameOf: (instance: string) => string, instanceOf: (found: string) => string = (found) => found) {
  const known = [...asked.splits, ...(asked.mirror ? [asked.mirror] : [])];
  return { armOf, mirrorOf };

  function armOf(found: string): { arm: Arm; instance: string } {
    const { arm, instance } = known.find((one) => nameOf(one.instance) === found) ?? { arm: 'challenger', instance: instanceOf(found) };
    return { arm, instance };
  }

  /** An instance may answer and be copied to: a copy's arm is that of the mirror. */
  function mirrorOf(found: string | undefined): Route['mirror'] {
    if (found === undefined) return null;
    return asked.mirror && nameOf(asked.mirror.instance) === found ? asked.mirror : armOf(found);
  }
}

/** Whether all that we ask for is there as we ask for it. The API server and others may add fields, but no items of lists. */
export function holds(found: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted))
    return Array.isArray(found) && found.length === wanted.length && wanted.every((item, index) => holds(found[index], item));
  if (typeof wanted !== 'object' || wanted === null) return found === wanted;
  if (typeof found !== 'object' || found === null) return false;
  return Object.entries(wanted).every(([name, value]) => value === undefined || holds((found as Record<string, unknown>)[name], value));
}
