import { placeOfRoute } from '../domain/serving-cluster.js';
import type { ServingSpec } from '../domain/serving-spec.js';
import type { Route } from '../domain/serving.js';

/** Those of an empty `serving`, for where no route was ever set. */
export const defaultSettings: Route['settings'] = {
  timeoutMs: 2000,
  concurrentRequestsMax: 1024,
  outlier: { consecutiveErrors: 5, ejectSeconds: 10 },
};

/** What of a model's `serving` says how its requests are treated. */
export function settingsOfRoute({
  cluster,
  stickyBy,
  timeoutMs,
  concurrentRequestsMax,
  outlier,
  rateLimit,
  jwt,
}: ServingSpec): Route['settings'] {
  const place = placeOfRoute(cluster);
  return {
    timeoutMs,
    concurrentRequestsMax,
    outlier,
    ...(stickyBy === undefined ? {} : { stickyBy }),
    ...(rateLimit === undefined ? {} : { rateLimit }),
    ...(jwt === undefined ? {} : { jwt }),
    ...(place === undefined ? {} : { place }),
  };
}
