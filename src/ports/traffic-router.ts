import type { Route } from '../domain/serving.js';

/** Sends requests to instances. Adapters: envoy, gateway-api, istio, argo-rollouts, sagemaker. */
export interface TrafficRouter {
  /**
   * Puts a route in force; answers when the proxy itself says that it is. The same route under the same number succeeds again.
   * @throws {RatchetError} ShiftStale: a higher number is in force, or this one with another route. RouterRefused: the proxy
   * refuses it, with the proxy's words; the old route stays in force. RouterUnavailable: try again. StoreFull, AccessDenied:
   * what was asked for cannot be kept; the old route stays in force.
   */
  shift(route: Route, signal: AbortSignal): Promise<void>;
  /**
   * Refuses all requests of a model in our name (HTTP 503), whatever its route says, or ends that. Shifts go on meanwhile, and
   * change nothing about it; it holds also where the model has no route yet. The same again changes nothing.
   * @throws {RatchetError} RouterRefused: this router has no word for it. RouterUnavailable, StoreFull, AccessDenied: as of `shift`
   */
  hold(model: string, isHeld: boolean, signal: AbortSignal): Promise<void>;
  /**
   * What was last asked for (with its number), and what the proxy really does (null: nothing for this model, or the proxy is
   * away). They differ where somebody changed a weight by hand. null: no route was ever set.
   */
  read(model: string): Promise<RouteReading | null>;
  /** Asks again where the instances of all routes are, and tells the proxy where they have moved. @throws {RatchetError} RouterUnavailable */
  refresh(): Promise<void>;
  /**
   * Where callers ask: `http://host:port`; the path is /v2/models/<model>/infer. Empty: nowhere, or where the gateway of a
   * route answers, which is known to its owners.
   */
  readonly url: string;
}

export interface RouteReading {
  readonly asked: Route;
  readonly inForce: Pick<Route, 'splits' | 'mirror'> | null;
  /** What was asked for is on its way: a difference is nobody's hand, and mends itself. Absent: it is not. */
  readonly isSettling?: boolean;
  /** What was asked for before, where the router knows it: in force still, it is nobody's hand either. */
  readonly before?: Pick<Route, 'splits' | 'mirror'>;
  /** Whether all requests are refused in our name; where the proxy is away, whether that was last asked for. */
  readonly isHeld: boolean;
}
