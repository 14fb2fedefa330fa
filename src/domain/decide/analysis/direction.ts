import { evidenceOf, type Votes } from './votes.js';

/** Which way a difference does harm. */
export type Direction = 'up' | 'down' | 'either';

export interface TwoSided {
  readonly up: Votes;
  readonly down: Votes;
}

/** Of `either`, each way has half of the money. */
export function evidenceIn(direction: Direction, { up, down }: TwoSided): number {
  const [ofUp, ofDown] = [evidenceOf(up), evidenceOf(down)];
  return direction === 'up' ? ofUp : direction === 'down' ? ofDown : (ofUp + ofDown) / 2;
}

/** The share of α that each way is judged by. */
export function alphaIn(direction: Direction, alpha: number): number {
  return direction === 'either' ? alpha / 2 : alpha;
}

/** How much harm a difference is; of `either`, any is. */
export function harmOf(direction: Direction, difference: number): number {
  return direction === 'up' ? difference : direction === 'down' ? -difference : Math.abs(difference);
}
