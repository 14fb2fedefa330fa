/** Windows in which the challenger did worse, and in which the other arm did; per thinning. */
export interface Votes {
  readonly worse: readonly number[];
  readonly better: readonly number[];
  /** Of those, the ones before the latest stake was laid; and which stake that is, from 1. */
  readonly before: readonly [worse: readonly number[], better: readonly number[]];
  readonly stake: number;
  /** The stake that was laid when this step began; absent: the first. */
  readonly stepStake?: number;
  /** What the stakes before the latest had come to when it was laid; absent: nothing. */
  readonly banked?: number;
}

export function noVotes(thinnings: number): Votes {
  const none = Array<number>(thinnings).fill(0);
  return { worse: none, better: none, before: [none, none], stake: 1 };
}

/** A new stake is laid at each step, and once so many more votes have spoken for the challenger than against it. */
const LEAD = 30;

/**
 * What a vote against the challenger, and one for it, multiplies the money by, as logarithms: equal shares are bet on chances
 * of log-spaced odds from 1.2 to 200.
 */
const GAINS: readonly (readonly [lost: number, won: number])[] = Array.from({ length: 20 }, (_, j) => {
  const odds = 1.2 * (200 / 1.2) ** (j / 19);
  const chance = odds / (1 + odds);
  return [Math.log(2 * chance), Math.log(2 * (1 - chance))];
});

/** One more window: `signs[k]` > 0 where the challenger did worse in thinning k, 0 is no vote. */
export function addVotes(votes: Votes, signs: readonly number[]): Votes {
  const worse = votes.worse.map((count, k) => count + (signs[k]! > 0 ? 1 : 0));
  const better = votes.better.map((count, k) => count + (signs[k]! < 0 ? 1 : 0));
  const [worseBefore, betterBefore] = votes.before;
  const lead = sum(better) - sum(betterBefore) - sum(worse) + sum(worseBefore);
  const next = { ...votes, worse, better };
  return lead < LEAD * worse.length ? next : layStake(next);
}

/** For a step: what a challenger won in the steps before is not held against what is seen of it in this one. */
export function nextStake(votes: Votes): Votes {
  const { worse, better, before } = votes;
  const since = sum(worse) - sum(before[0]) + sum(better) - sum(before[1]);
  const laid = since === 0 ? votes : layStake(votes);
  return { ...laid, stepStake: laid.stake };
}

/** The stake before is bet no further: what it has come to is kept. */
function layStake(votes: Votes): Votes {
  const { worse, better, stake, banked = 0 } = votes;
  return { ...votes, before: [worse, better], stake: stake + 1, banked: banked + latestOf(votes) };
}

/**
 * The evidence that the challenger does worse, as an e-value: under "no worse" its expectation is at most 1 at any time, so it
 * reaches 1/α with a chance of at most α however often it is looked at (Ville's inequality).
 *
 * A window is one vote, so whatever bursts within it counts once. Under "no worse" a vote against the challenger has at most
 * even chances; money is bet on several greater ones, and e-values of the thinnings are averaged (Vovk & Wang 2021).
 *
 * Half of the money is bet from the beginning. The other half is laid in stakes of ½ · 1/(k(k+1)), each bet from when it is
 * laid: what a challenger won in a good week, or in the step before, is not held against the evidence of a bad hour after it.
 */
export function evidenceOf(votes: Votes): number {
  const { worse, better, banked = 0 } = votes;
  return 0.5 * mean(worse.map((count, k) => evidenceOfOne(count, better[k]!))) + latestOf(votes) + banked;
}

/** What the latest stake has come to. */
function latestOf({ worse, better, before: [worseBefore, betterBefore], stake }: Votes): number {
  const late = mean(worse.map((count, k) => evidenceOfOne(count - worseBefore[k]!, better[k]! - betterBefore[k]!)));
  return (0.5 * late) / (stake * (stake + 1));
}

/** What is bet before a second stake is laid: half of all, and the first stake. */
const firstShare = 0.75;

/** The share of all money that is bet from a step's beginning on what is seen of it. */
function shareOf(stake: number): number {
  return stake === 1 ? firstShare : 0.5 / (stake * (stake + 1));
}

function evidenceOfOne(worse: number, better: number): number {
  let total = 0;
  for (const [lost, won] of GAINS) total += Math.exp(worse * lost + better * won);
  return total / GAINS.length;
}

const VOTES_MAX = 100_000;

/**
 * How many votes of a step it takes until a challenger that loses each with this chance is turned back with 90% power, whatever was
 * seen of it before; null: it hardly ever is. By the normal law of the number of lost votes.
 * @param stake the one that was laid when the step began
 */
export function votesNeeded(chance: number, alpha: number, stake = 1): number | null {
  if (chance <= 0.5) return null;
  const z = 1.2816; // 90%
  const share = shareOf(stake);
  const isEnough = (votes: number): boolean => {
    const worse = Math.min(votes, Math.floor(votes * chance - z * Math.sqrt(votes * chance * (1 - chance))));
    if (worse <= 0) return false;
    // No bet wins more than one on the very share that was seen: mostly that is too little already.
    const seen = Math.min(1 - 1e-9, worse / votes);
    const most = votes * (Math.LN2 + seen * Math.log(seen) + (1 - seen) * Math.log(1 - seen));
    return most >= -Math.log(alpha) && share * evidenceOfOne(worse, votes - worse) >= 1 / alpha;
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

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}
