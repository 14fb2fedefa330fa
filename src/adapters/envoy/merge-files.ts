import type { EnvoyFiles } from '../local/servers/envoy-files.js';
import { routesResource } from '../local/servers/envoy-files.js';
import { clustersOf } from './clusters-file.js';
import { instancesOfEntry, type FilesBefore } from './files-before.js';
import { lastTaken, type RouteState } from './route-state.js';
import { isHeldEntry, routeEntry, withHold } from './routes-file.js';
import { tokenEntry, tokenResources } from './tokens-file.js';

export type Resources = Readonly<Record<keyof EnvoyFiles, readonly object[]>>;

export interface Merge {
  /** Whose part is made of what was asked for last; of the others nothing is put in force that Envoy has not taken before. */
  readonly anew: ReadonlySet<string>;
  /**
   * Whether the others keep what the files say of them: an edit by hand is there to be found then. Else theirs is made of what
   * Envoy took last. One whose state cannot be read is served on in any case.
   */
  readonly keeps: boolean;
  /** model → whether all its requests are refused; null: that cannot be read, so its entry stays as it is. */
  readonly holds: ReadonlyMap<string, boolean | null>;
}

/** Envoy's files for all models. Pure. */
export function mergeFiles(states: ReadonlyMap<string, RouteState>, before: FilesBefore, { anew, keeps, holds }: Merge): Resources {
  const known = new Map(
    [...states].flatMap(([model, state]): [string, RouteState][] => {
      const newest = anew.has(model) ? state : lastTaken(state);
      return newest === null ? [] : [[model, newest]];
    }),
  );
  const isKept = (model: string): boolean => !states.has(model) || (keeps && !anew.has(model));
  const kept = [...before.routes].filter(([model]) => isKept(model));
  const made = [...known].flatMap(([model, state]): [string, object][] => (isKept(model) ? [] : [[model, routeEntry(state)]]));
  // A model that was never held has no folder; of one whose state is gone as well nobody knows.
  const isHeld = (model: string): boolean => holds.get(model) ?? isHeldEntry(before.routes.get(model) ?? {});
  const entries = [...kept, ...made].map(([model, entry]): [string, object] => [model, withHold(entry, isHeld(model))]);
  const routes = new Map(entries.toSorted(([left], [right]) => (left < right ? -1 : 1)));

  const clusters = clustersOf(known.values());
  for (const name of [...routes.values()].flatMap(instancesOfEntry)) {
    const found = before.clusters.get(name);
    if (!clusters.has(name) && found !== undefined) clusters.set(name, found);
  }
  const tokens = new Map([...before.tokens].filter(([model]) => routes.has(model) && !known.has(model)));
  for (const [model, state] of known) {
    const entry = tokenEntry(state);
    if (entry !== null) tokens.set(model, entry);
  }
  return { tokens: tokenResources(tokens), clusters: [...clusters.values()], routes: [routesResource([...routes.values()])] };
}
