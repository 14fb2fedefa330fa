import { z } from 'zod';
import { modelNamed, parseBody } from './parse-body.js';
import { checkStandardSignature } from './signature.js';
import type { Reading, WebhookSource } from './source.js';

const Message = z.object({
  entity: z.string().max(100),
  action: z.string().max(100),
  data: z.object({
    name: z.string().min(1),
    version: z.string().optional(),
    alias: z.string().optional(),
    key: z.string().optional(),
    tags: z.record(z.string(), z.string()).nullish(),
  }),
});
type Message = z.infer<typeof Message>;

const names = { id: 'X-MLflow-Delivery-Id', timestamp: 'X-MLflow-Timestamp', signature: 'X-MLflow-Signature' };

/** MLflow ≥ 3.3 signs as Standard Webhooks do, under names of its own. */
export const mlflow: WebhookSource = {
  sender: 'mlflow',
  check({ header, body }, secret) {
    return checkStandardSignature(Buffer.from(secret, 'utf8'), body, { names, header });
  },
  read({ body, model }, signedId): Reading {
    const message = parseBody(Message, body, 'message of MLflow');
    const reason = ignoredReason(message);
    if (reason !== null) return { wishes: [], ignored: [reason] };
    const { entity, action, data } = message;
    const trigger = {
      key: `mlflow/${signedId}`,
      kind: 'webhook' as const,
      requestedBy: 'mlflow',
      reason: `${entity} ${action}: ${data.name} ${data.version ?? ''}`.trim().slice(0, 500),
    };
    return { wishes: [{ model: modelNamed(model ?? data.name, 'registered model'), trigger }], ignored: [] };
  },
};

/** What we write into the registry ourselves must not ask us for more of it. */
function ignoredReason({ entity, data: { alias, key, tags } }: Message): string | null {
  const isOurs =
    alias === 'champion' ||
    alias === 'challenger' ||
    key?.startsWith('ratchet.') === true ||
    Object.keys(tags ?? {}).some((name) => name.startsWith('ratchet.'));
  if (isOurs) return 'written by Ratchet itself';
  return entity.startsWith('model_version') ? null : `${entity}: only versions, their tags and aliases ask for a cycle`;
}
