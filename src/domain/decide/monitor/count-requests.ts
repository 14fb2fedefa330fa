import type { RequestCounts, WindowRequests } from '../../request-counts.js';
import type { Arm } from '../../serving.js';

/** As long as a window may be: what changed nothing for longer is forgotten. */
const KEPT_MS = 32 * 86_400_000;

/** Counters of an instance as just read, and the role that it has. */
export interface CountedInstance {
  readonly instance: string;
  readonly arm: Arm;
  readonly version: string;
  readonly requests: number;
  readonly errors: number;
}

/**
 * Goes on counting. Pure. A counter that fell began anew: what it shows now came since. An instance that nobody counted before is
 * counted from here on, or in full where its version is new: then its counter is too.
 */
export function countRequests(
  model: string,
  before: RequestCounts | null,
  { atMs, instances }: { readonly atMs: number; readonly instances: readonly CountedInstance[] },
): RequestCounts {
  const at = new Date(atMs).toISOString();
  const counters = new Map((before?.counters ?? []).map((counter) => [counter.instance, counter]));
  const totals = new Map((before?.totals ?? []).map((total) => [nameOf(total), total]));
  const versions = new Set((before?.totals ?? []).map(({ version }) => version));
  let restarts = before?.restarts ?? 0;
  for (const { instance, arm, version, requests, errors } of instances) {
    const then = counters.get(instance);
    const isFallen = then !== undefined && (requests < then.requests || errors < then.errors);
    if (isFallen) restarts += 1;
    const isNew = before !== null && !versions.has(version);
    const base = then === undefined ? (isNew ? NOTHING : { requests, errors }) : isFallen ? NOTHING : then;
    const total = totals.get(nameOf({ arm, version })) ?? { arm, version, ...NOTHING };
    totals.set(nameOf({ arm, version }), {
      arm,
      version,
      requests: total.requests + requests - base.requests,
      errors: total.errors + errors - base.errors,
      at,
    });
    counters.set(instance, { instance, requests, errors, at });
  }
  const isLate = (one: { readonly at: string }): boolean => atMs - Date.parse(one.at) <= KEPT_MS;
  return {
    model,
    at,
    since: before?.since ?? at,
    restarts,
    counters: [...counters.values()].filter(isLate),
    totals: [...totals.values()].filter(isLate),
  };
}

/**
 * What was asked from one reading to another. Pure. Arms that nobody asked are left out; where the later reading began to count
 * after the earlier one, what it counted is all there is.
 */
export function requestsBetween(first: RequestCounts, last: RequestCounts): WindowRequests {
  const isBegun = Date.parse(last.since) > Date.parse(first.at);
  const before = new Map((isBegun ? [] : first.totals).map((total) => [nameOf(total), total]));
  const arms = last.totals.map(({ arm, version, requests, errors }) => {
    const then = before.get(nameOf({ arm, version })) ?? NOTHING;
    const asked = Math.max(0, requests - then.requests);
    // An answer may be counted as an error before its request is, by a reading in between.
    return { arm, version, requests: asked, errors: Math.min(asked, Math.max(0, errors - then.errors)) };
  });
  return {
    from: isBegun ? last.since : first.at,
    to: last.at,
    restarts: last.restarts - (isBegun ? 0 : first.restarts),
    arms: arms.filter(({ requests }) => requests > 0),
  };
}

const NOTHING = { requests: 0, errors: 0 };

function nameOf({ arm, version }: { readonly arm: Arm; readonly version: string }): string {
  return `${arm} ${version}`;
}
