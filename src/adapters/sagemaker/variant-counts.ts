/** What SageMaker tells CloudWatch of each variant, by its name there. */
export const VARIANT_METRICS = ['Invocations', 'Invocation4XXErrors', 'Invocation5XXErrors', 'InvocationModelErrors'] as const;
type VariantMetric = (typeof VARIANT_METRICS)[number];

/** Sums by the begin of their period, in milliseconds since 1970. A period without any request has none. */
export type Sums = Readonly<Record<VariantMetric, ReadonlyMap<number, number>>>;

export interface VariantCounts {
  readonly requests: number;
  readonly errors: number;
}

export const noCounts: VariantCounts = { requests: 0, errors: 0 };

/**
 * Periods of which CloudWatch knows requests and not what became of them, or the other way round: SageMaker tells a 0 or a 1 of
 * each answer, so something is still on its way. Where nothing answered at all, `InvocationModelErrors` alone says so. Pure.
 */
export function halfTold({ Invocations, Invocation4XXErrors, Invocation5XXErrors, InvocationModelErrors }: Sums): number[] {
  const all = [Invocations, Invocation4XXErrors, Invocation5XXErrors, InvocationModelErrors];
  const isTold = (begin: number): boolean =>
    Invocations.has(begin) && (InvocationModelErrors.has(begin) || (Invocation4XXErrors.has(begin) && Invocation5XXErrors.has(begin)));
  return [...new Set(all.flatMap((sums) => [...sums.keys()]))].filter((begin) => !isTold(begin));
}

/**
 * Adds the periods in [fromMs, untilMs). Of one that is told by halves nothing is known, so nothing is counted. Pure.
 *
 * `InvocationModelErrors` has what was no answer at all, too: a timeout, a broken connection.
 */
export function addCounts(before: VariantCounts, sums: Sums, fromMs: number, untilMs: number): VariantCounts {
  const unknown = new Set(halfTold(sums));
  let { requests, errors } = before;
  for (const [begin, invocations] of sums.Invocations) {
    if (begin < fromMs || begin >= untilMs || unknown.has(begin)) continue;
    const refused = (sums.Invocation4XXErrors.get(begin) ?? 0) + (sums.Invocation5XXErrors.get(begin) ?? 0);
    const failed = Math.max(refused, sums.InvocationModelErrors.get(begin) ?? 0);
    requests += Math.round(invocations);
    errors += Math.min(Math.round(failed), Math.round(invocations));
  }
  return { requests, errors };
}
