import { z } from 'zod';
import { ServingCluster } from './serving-cluster.js';

const Seconds = z.number().int().positive();

/** How requests find a model and what is asked of its servers. All limits apply to every version alike. */
export const ServingSpec = z.strictObject({
  kind: z.literal('embedded').default('embedded').describe('embedded: Ratchet’s own model servers, which run where `cluster` says.'),
  cluster: ServingCluster.optional().describe(
    'Where its servers run and what divides the requests; absent: on this machine, behind its Envoy.',
  ),
  replicas: z.number().int().min(1).max(16).default(1).describe('Processes per version.'),
  stickyBy: z
    .string()
    .regex(/^[a-z0-9-]+$/, 'expected a header’s name in lower-case letters, digits and dashes')
    .optional()
    .describe('The header whose value keeps a caller with one version; absent: each request is drawn anew.'),
  timeoutMs: z.number().int().min(10).max(60_000).default(2000).describe('A request that takes longer is answered with 504.'),
  rowsMax: z.number().int().min(1).max(10_000).default(1000).describe('Rows in one request; more are refused with 413.'),
  readySecondsMax: Seconds.max(3600).default(60).describe('A server that is not ready by then fails the rollout.'),
  concurrentRequestsMax: z
    .number()
    .int()
    .min(1)
    .default(1024)
    .describe(
      'The circuit breaker: more requests at once to one version are answered with 503. In a burst as many more may pass, on connections that are just being made.',
    ),
  outlier: z
    .strictObject({
      consecutiveErrors: z.number().int().min(1).default(5).describe('5xx answers in a row after which a replica is left out.'),
      ejectSeconds: Seconds.default(10).describe('For how long.'),
    })
    .prefault({})
    .describe('Outlier detection: one bad replica does not spoil a version. The last healthy replica stays in.'),
  rateLimit: z
    .strictObject({ requestsPerSecond: z.number().int().positive().describe('On average; a burst may be twice that.') })
    .optional()
    .describe('More requests are answered with 429; absent: no limit.'),
  jwt: z
    .strictObject({
      issuer: z.string().min(1).describe('Must equal the token’s `iss`.'),
      audiences: z.array(z.string().min(1)).default([]).describe('One of them must be in the token’s `aud`; empty: not asked.'),
      jwksFile: z
        .string()
        .min(1)
        .describe(
          'A file with the public keys (JWKS). A relative path starts at the model file: its keys are taken by `ratchet apply`. ' +
            'An absolute one is read anew at each step forward of a rollout, on the machine of the proxy.',
        ),
      jwks: z.string().optional().describe('Written by `ratchet apply` where jwksFile is relative: the keys that the file held.'),
    })
    .optional()
    .describe('Requests without a valid token are answered with 401; absent: not asked.'),
  onHandEdit: z
    .enum(['repair', 'pause'])
    .default('repair')
    .describe(
      'What happens where somebody changed a weight or an alias by hand: set it back, or also pause the model. Servers that somebody ' +
        'edited are told of, and pause it likewise; they are not set back.',
    ),
});
export type ServingSpec = z.infer<typeof ServingSpec>;
