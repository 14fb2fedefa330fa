import { z } from 'zod';
import { ApiError } from '../refusal.js';
import { modelNamed, parseBody } from './parse-body.js';
import { isSame } from './signature.js';
import type { Reading, WebhookSource } from './source.js';

const Alert = z.object({
  status: z.enum(['firing', 'resolved']),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()).default({}),
  startsAt: z.iso.datetime({ offset: true }),
  fingerprint: z.string().regex(/^[0-9a-f]{1,64}$/, 'expected hex digits'),
});
const Message = z.object({ version: z.literal('4'), alerts: z.array(Alert).max(1000) });

/**
 * So far may the start of an alert lie back, or ahead: where a sender says only when it ends, Alertmanager takes that for its start. Of
 * both together a wish is known by its key, for seven days: an alert that is sent again later is too old.
 */
const DISTANCE_MS_MAX = 3.5 * 24 * 3600 * 1000;

/** Alertmanager signs nothing: it sends a bearer token. One alert, from its start to its end, is one wish; its start is its time. */
export const alertmanager: WebhookSource = {
  sender: 'alertmanager',
  check({ header }, secret) {
    const token = /^Bearer (.+)$/i.exec(header('authorization') ?? '')?.[1];
    if (token === undefined)
      throw new ApiError(
        401,
        'expected the header Authorization: Bearer <secret>, found none',
        'set http_config.authorization.credentials of the receiver',
      );
    if (!isSame(token, secret)) throw new ApiError(401, 'Authorization: expected the secret that both sides know, found another one');
    return null;
  },
  read({ body, model, nowMs }): Reading {
    const { alerts } = parseBody(Message, body, 'message of Alertmanager');
    const firing = alerts.filter(({ status }) => status === 'firing');
    const young = firing.filter(({ startsAt }) => Math.abs(nowMs - Date.parse(startsAt)) < DISTANCE_MS_MAX);
    const wishes = young.map(({ labels, annotations, startsAt, fingerprint }) => ({
      model: modelNamed(model ?? labels['model'], 'label model'),
      trigger: {
        key: `alertmanager/${fingerprint}/${startsAt}`.slice(0, 200),
        kind: 'webhook' as const,
        requestedBy: 'alertmanager',
        reason: [labels['alertname'], annotations['summary'] ?? annotations['description']].filter(Boolean).join(': ').slice(0, 500),
      },
    }));
    const [resolved, old] = [alerts.length - firing.length, firing.length - young.length];
    return {
      wishes,
      ignored: [
        ...(resolved > 0 ? [`${resolved} resolved alert(s): what is over asks for nothing`] : []),
        ...(old > 0
          ? [
              `${old} alert(s) too old, or of another clock: expected startsAt within three and a half days; an alert asks once, when it begins`,
            ]
          : []),
      ],
    };
  },
};
