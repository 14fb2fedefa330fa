import { Webhook } from 'standardwebhooks';
import { RatchetError } from '../../domain/failure.js';
import type { Notifier } from '../../ports/notifier.js';
import { postJson } from './post-json.js';

export interface WebhookNotifierOptions {
  readonly url: string;
  /** `whsec_` and base64. */
  readonly secret: string;
  readonly timeoutMs?: number;
  readonly now?: () => Date;
}

/**
 * Posts the notice as JSON, signed as Standard Webhooks say: headers webhook-id (the notice's id, the same through all tries),
 * webhook-timestamp (of this try) and webhook-signature.
 */
export function createWebhookNotifier({ url, secret, timeoutMs = 10_000, now = () => new Date() }: WebhookNotifierOptions): Notifier {
  const what = `webhook ${new URL(url).host}`;
  let webhook: Webhook;
  try {
    webhook = new Webhook(secret);
  } catch {
    throw new RatchetError('NotifierUnavailable', `${what}: expected a secret of whsec_ and base64, found something else`, {
      remedy: 'write whsec_ and the base64 of 32 random bytes',
    });
  }
  return {
    async notify(notice) {
      const at = now();
      const body = JSON.stringify({ type: `ratchet.${notice.event}`, timestamp: at.toISOString(), data: notice });
      // No dot in it: id, time and body are signed with dots between them.
      const id = encodeURIComponent(notice.id).replaceAll('.', '%2E');
      const headers = {
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': webhook.sign(id, at, body),
      };
      await postJson({ what, url, headers, body, timeoutMs, secrets: [secret] });
    },
  };
}
