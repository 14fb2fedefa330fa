/** So many thinnings are averaged: which events are left out must not decide. */
export const THINNINGS = 8;

/** Up to so many events each is drawn by itself. */
const EXACT_MAX = 60;
/** Where so many are left on average, their number is drawn from the normal law of the same mean and spread. */
const NORMAL_MIN = 30;

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** How many of `count` events are left where each is kept with this chance. */
export function thin(count: number, keep: number, random: () => number): number {
  if (keep >= 1 || count <= 0) return Math.max(0, count);
  if (keep <= 0) return 0;
  if (count <= EXACT_MAX) {
    let kept = 0;
    for (let event = 0; event < count; event++) if (random() < keep) kept++;
    return kept;
  }
  if (keep > 0.5) return count - thin(count, 1 - keep, random);
  if (count * keep < NORMAL_MIN) return fewOf(count, keep, random());
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.min(count, Math.max(0, Math.round(count * keep + normal * Math.sqrt(count * keep * (1 - keep)))));
}

/** The binomial number below which lies the share `u`: its chances are added up from 0 on. */
function fewOf(count: number, keep: number, u: number): number {
  let chance = (1 - keep) ** count;
  let [kept, below] = [0, chance];
  while (below < u && kept < count) {
    kept++;
    chance *= ((count - kept + 1) / kept) * (keep / (1 - keep));
    below += chance;
    if (chance < 1e-18 && kept > count * keep) break;
  }
  return kept;
}
