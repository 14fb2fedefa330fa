import type { Route } from '../../domain/serving.js';
import type { RouteKind, RouteObject } from '../kubernetes/route-api.js';
import { kubernetesName } from '../kubernetes/route-object.js';
import { hostOf } from './virtual-service.js';

export const DESTINATION_RULE: RouteKind = {
  group: 'networking.istio.io',
  version: 'v1',
  plural: 'destinationrules',
  kind: 'DestinationRule',
};

/** The limits of one instance's Service: circuit breaker, and replicas that answer with errors are left out. It goes with the Service. */
export function destinationRule(
  instance: string,
  { model, settings }: Route,
  { serviceUid, namespace }: { serviceUid: string; namespace: string },
): RouteObject {
  return {
    apiVersion: `${DESTINATION_RULE.group}/${DESTINATION_RULE.version}`,
    kind: DESTINATION_RULE.kind,
    metadata: {
      name: kubernetesName(instance),
      labels: { 'app.kubernetes.io/managed-by': 'ratchet', 'ratchet.dev/model': model },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name: kubernetesName(instance), uid: serviceUid }],
    },
    spec: {
      host: hostOf(instance, namespace),
      trafficPolicy: {
        loadBalancer: { simple: 'LEAST_REQUEST' },
        connectionPool: {
          http: { http1MaxPendingRequests: settings.concurrentRequestsMax, http2MaxRequests: settings.concurrentRequestsMax },
        },
        outlierDetection: {
          consecutive5xxErrors: settings.outlier.consecutiveErrors,
          baseEjectionTime: `${settings.outlier.ejectSeconds}s`,
          interval: '1s',
          maxEjectionPercent: 50, // of two or more replicas one stays in, of one the one
        },
      },
    },
  };
}
