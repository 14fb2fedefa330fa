import type { Route } from '../../domain/serving.js';
import type { RouteReading } from '../../ports/traffic-router.js';
import type { RouteKind, RouteObject } from './route-api.js';

/** What a gateway, mesh or controller makes of an object, and in its words how far it is. `stopped`: taken, and given up on the way. */
export type Verdict =
  { readonly kind: 'pending' | 'taken'; readonly words?: string } | { readonly kind: 'refused' | 'stopped'; readonly words: string };

/** How one kind of object divides requests. */
export interface RouteDialect {
  readonly kind: RouteKind;
  /** @param found as it is now, null: there is none @throws {RatchetError} RouterRefused: a setting that it has no word for */
  specOf(route: Route, found: RouteObject | null): Awaitable<object>;
  /** What the object does, whoever wrote it; null: nothing that we could have asked for. */
  splitOf(object: RouteObject, asked: Route): Awaitable<RouteReading['inForce']>;
  verdictOf(object: RouteObject, asked: Route): Verdict;
  /** Puts in place what the object needs beside it. */
  prepare?(route: Route, found: RouteObject | null): Promise<void>;
  /** Whether it has come to where another spec leads on to the route. Absent: one write is the whole way. */
  isAtNextStage?(object: RouteObject, asked: Route): Promise<boolean>;
  /** So long it must stay refused or stopped before that is believed: its controller sees what we wrote bit by bit. Absent: at once. */
  readonly refusalMsMin?: number;
}

type Awaitable<T> = T | Promise<T>;
