import { z } from 'zod';
import type { RouteObject } from '../kubernetes/route-api.js';
import type { Verdict } from '../kubernetes/route-dialect.js';

const Weight = z.object({ weight: z.number().int(), podTemplateHash: z.string().default('') });
const Status = z.object({
  observedGeneration: z.string().default(''),
  stableRS: z.string().default(''),
  abort: z.boolean().default(false),
  phase: z.string().default('nothing yet'),
  message: z.string().default(''),
  canary: z.object({ weights: z.object({ canary: Weight, stable: Weight }).optional() }).default({}),
  conditions: z
    .array(z.object({ type: z.string(), status: z.string(), reason: z.string().default(''), message: z.string().default('') }))
    .default([]),
});
type RolloutStatus = z.infer<typeof Status>;

/** What the controller has written; empty where it has written nothing that we know. */
export function statusOf({ status }: Pick<RouteObject, 'status'>): RolloutStatus {
  const parsed = Status.safeParse(status ?? {});
  return parsed.success ? parsed.data : Status.parse({});
}

/** What the controller says of the spec as it is now. */
export function verdictOfRollout(object: RouteObject): Verdict {
  const { observedGeneration, conditions, abort, phase, message } = statusOf(object);
  if (observedGeneration !== String(object.metadata.generation))
    return { kind: 'pending', words: 'the controller of Argo Rollouts has not looked at it' };
  const said = (reason: string, words: string): string => `Argo Rollouts says ${reason}${words && `: ${words}`}`;
  const invalid = conditions.find(({ type, status }) => type === 'InvalidSpec' && status === 'True');
  if (invalid) return { kind: 'refused', words: said('InvalidSpec', invalid.message) };
  const isLate = conditions.some(({ reason }) => reason === 'ProgressDeadlineExceeded');
  if (abort || isLate) return { kind: 'stopped', words: said(phase, message) };
  return { kind: 'taken', words: said(phase, message) };
}
