import type { Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { webhookSecretVariable, type WebhookSender } from '../../config/api-config.js';
import type { Trigger } from '../../domain/trigger.js';
import { ApiError, toApiError } from '../refusal.js';
import { alertmanager } from '../webhooks/alertmanager.js';
import { github } from '../webhooks/github.js';
import { gitlab } from '../webhooks/gitlab.js';
import { mlflow } from '../webhooks/mlflow.js';
import type { Reading, WebhookSource, Wish } from '../webhooks/source.js';

export interface WebhookPorts {
  /** null: none is set. @throws {Error} it cannot be read */
  readonly secretOf: (sender: WebhookSender) => string | null;
  /** Hands a trigger to a model's lifecycle for good. @throws {RatchetError} ModelUnknown, Unexpected */
  readonly wish: (model: string, trigger: Trigger) => Promise<void>;
  readonly now?: () => number;
}

const BODY_BYTES_MAX = 512 * 1024;
const sources: readonly WebhookSource[] = [alertmanager, mlflow, github, gitlab];

/** POST /v1/webhooks/<sender>: a message whose signature holds becomes a trigger. 202: it will not be lost. */
export function mountWebhooks(api: Hono, ports: WebhookPorts): void {
  const onError = (): never => {
    throw new ApiError(413, `the body: expected at most ${BODY_BYTES_MAX / 1024} KiB, found more`);
  };
  for (const source of sources) {
    api.post(`/v1/webhooks/${source.sender}`, bodyLimit({ maxSize: BODY_BYTES_MAX, onError }), (c) => receive(c, source, ports));
  }
}

async function receive(c: Context, source: WebhookSource, { secretOf, wish, now = Date.now }: WebhookPorts): Promise<Response> {
  const secret = secretOf(source.sender);
  if (secret === null) {
    const variable = webhookSecretVariable(source.sender);
    throw new ApiError(403, `webhooks of ${source.sender} are off`, `set ${variable} or ${variable}_FILE for ratchet up`);
  }
  const delivery = { header: (name: string) => c.req.header(name), body: await c.req.text(), model: c.req.query('model'), nowMs: now() };
  const reading = source.read(delivery, source.check(delivery, secret));
  return c.json(await passOn(reading, wish), 202);
}

interface Answer {
  readonly accepted: readonly { readonly model: string; readonly key: string }[];
  readonly ignored: readonly string[];
}

/** All of them, also where one is of an unknown model. The first failure that may pass is the answer: then all are sent again. */
async function passOn({ wishes, ignored }: Reading, wish: WebhookPorts['wish']): Promise<Answer> {
  const accepted: Wish[] = [];
  const refused: ApiError[] = [];
  for (const { model, trigger } of wishes) {
    try {
      await wish(model, trigger);
      accepted.push({ model, trigger });
    } catch (error) {
      const found = toApiError(error);
      if (found.status >= 500) throw error;
      refused.push(found);
    }
  }
  if (accepted.length === 0 && refused[0] !== undefined) throw refused[0];
  return {
    accepted: accepted.map(({ model, trigger: { key } }) => ({ model, key })),
    ignored: [...ignored, ...refused.map(({ message }) => message)],
  };
}
