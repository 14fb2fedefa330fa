/** Scores are computed in 32-bit numbers, on another machine perhaps; what differs by more is another answer. */
const TOLERANCE = 1e-4;

/** How a server's answers differ from the evaluation's on the same rows, in one sentence; null: they do not. Pure. */
export function skewOf(expected: readonly number[], found: readonly number[]): string | null {
  if (found.length !== expected.length) return `expected ${expected.length} answers, found ${found.length}`;
  const wrong = expected.flatMap((score, row) => (Math.abs(score - found[row]!) <= TOLERANCE ? [] : [row]));
  const first = wrong[0];
  if (first === undefined) return null;
  return `expected the evaluation’s answers on the same rows, found ${wrong.length} of ${expected.length} different: row ${first + 1} has ${expected[first]} there and ${found[first]} here`;
}
