/** Windows in which the challenger did worse, and in which the other arm did; per thinning. */
export interface Votes {
  readonly worse: readonly number[];
  readonly better: readonly number[];
}

export const noVotes = (thinnings: number): Votes => ({ worse: Array(thinnings).fill(0), better: Array(thinnings).fill(0) });

/** Chances of a vote against the challenger that are bet on; log-spaced odds from 1.2 to 200, equal shares of the money. */
const CHANCES: readonly number[] = Array.from({ length: 20 }, (_, j) => {
  const odds = 1.2 * (200 / 1.2) ** (j / 19);
  return odds / (1 + odds);
});

/** One more window: `signs[k]` > 0 where the challenger did worse in thinning k, 0 is no vote. */
export function addVotes({ worse, better }: Votes, signs: readonly number[]): Votes {
  return {
    worse: worse.map((count, k) => count + (signs[k]! > 0 ? 1 : 0)),
    better: better.map((count, k) => count + (signs[k]! < 0 ? 1 : 0)),
  };
}

/**
 * The evidence that the challenger does worse, as an e-value: under "no worse" its expectation is at most 1 at any time, so it
 * reaches 1/α with a chance of at most α however often it is looked at (Ville's inequality).
 *
 * A window is one vote, so whatever bursts within it counts once. Under "no worse" a vote against the challenger has at most
 * even chances; money is bet on several greater ones, and e-values of the thinnings are averaged (Vovk & Wang 2021).
 */
export function evidenceOf({ worse, better }: Votes): number {
  return worse.reduce((sum, count, k) => sum + evidenceOfOne(count, better[k]!), 0) / worse.length;
}

function evidenceOfOne(worse: number, better: number): number {
  let sum = 0;
  for (const p of CHANCES) sum += Math.exp(worse * Math.log(2 * p) + better * Math.log(2 * (1 - p)));
  return sum / CHANCES.length;
}

const VOTES_MAX = 100_000;

/**
 * How many votes it takes until a challenger that loses each with this chance is turned back with 90% power; null: it hardly
 * ever is. By the normal law of the number of lost votes.
 */
export function votesNeeded(chance: number, alpha: number, power = 0.9): number | null {
  if (chance <= 0.5) return null;
  const z = power >= 0.9 ? 1.2816 : 0;
  const isEnough = (votes: number): boolean => {
    const worse = Math.min(votes, Math.floor(votes * chance - z * Math.sqrt(votes * chance * (1 - chance))));
    return worse > 0 && evidenceOfOne(worse, votes - worse) >= 1 / alpha;
  };
  let high = 1;
  while (!isEnough(high)) if ((high *= 2) > VOTES_MAX) return null;
  let low = high / 2;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isEnough(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** P(standard normal < z), to 1e-7 (Abramowitz & Stegun 26.2.17). */
export function normalBelow(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  const above = density * t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return z >= 0 ? 1 - above : above;
}
