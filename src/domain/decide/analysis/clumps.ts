/** How bad events of the larger arm come: last window's, the sum of squared changes from window to window, and their sum. */
export type Clumps = readonly [last: number, squares: number, total: number];

export const noClumps: Clumps = [0, 0, 0];

export function addClumps([last, squares, total]: Clumps, count: number): Clumps {
  return [count, squares + (count - last) ** 2, total + count];
}

/**
 * How many events come at once: half the mean squared change between neighbouring windows over the mean, 1 where they come one
 * by one. A level that rises once counts once (von Neumann 1941).
 *
 * Why: thinned one by one, a burst of the larger arm leaves something in nearly every window, and one of the smaller arm comes
 * rarely and whole, so equal arms would not win equally often. Without this, two equal arms at 95% and 5% whose errors come 20 at
 * a time are called different in every run.
 */
export function clumpSize([, squares, total]: Clumps): number {
  return total === 0 ? 1 : Math.max(1, squares / 2 / total);
}

/** Events as clumps; the part that is left over is one with its chance. */
export function asClumps(count: number, size: number, random: () => number): number {
  return size <= 1 ? count : Math.floor(count / size + random());
}
