/**
 * Which hypotheses Holm's step-down procedure rejects, so that P(any false rejection) ≤ α under every dependence.
 * Returns one flag per p-value, in the order given. A p-value that is no number is never rejected, but counts.
 * Source: Holm 1979, Scandinavian Journal of Statistics 6.
 */
export function holm(pValues: readonly number[], alpha: number): boolean[] {
  const rejected = pValues.map(() => false);
  const order = pValues.map((_, index) => index).sort((a, b) => rank(pValues[a]!) - rank(pValues[b]!));
  for (const [step, index] of order.entries()) {
    if (!(pValues[index]! <= alpha / (pValues.length - step))) break;
    rejected[index] = true;
  }
  return rejected;
}

function rank(p: number): number {
  return Number.isNaN(p) ? Infinity : p;
}
