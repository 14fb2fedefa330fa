/** Upper edges of the latency buckets in milliseconds, about a fifth apart; the last bucket is open. */
export const LATENCY_EDGES_MS: readonly number[] = [
  0.5, 0.6, 0.75, 0.9, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 10, 12, 15, 18, 22, 27, 33, 40, 50, 60, 75, 90, 110, 135, 160,
  200, 250, 300, 400, 500, 650, 800, 1000, 1500, 2000, 3000, 5000, 10_000,
];

/** Scores are counted in this many equal bins of [0, 1]. */
export const SCORE_BINS = 20;
