import type { NoticeEvent, NoticesSpec } from '../notice.js';

export interface ChosenRoutes {
  readonly routes: readonly string[];
  /** Named by the model file, and nowhere else. */
  readonly unknown: readonly string[];
}

/**
 * Where a notice goes. A model file that names no routes leaves it to `fallback`, and so does one that names only unknown
 * ones: what was meant for somebody is not told to nobody.
 */
export function chooseRoutes(
  spec: NoticesSpec | undefined,
  event: NoticeEvent,
  { names, fallback }: { readonly names: readonly string[]; readonly fallback: readonly string[] },
): ChosenRoutes {
  if (spec === undefined) return { routes: fallback, unknown: [] };
  const asked = new Set(spec.flatMap(({ to, on }) => (on === undefined || on.some((wanted) => wanted === event) ? to : [])));
  const routes = [...asked].filter((name) => names.includes(name));
  const unknown = [...asked].filter((name) => !names.includes(name));
  return { routes: routes.length === 0 && unknown.length > 0 ? fallback : routes, unknown };
}
