import { createHmac } from 'node:crypto';
import { createApi } from '../../src/api/api.js';
import { RatchetError } from '../../src/domain/failure.js';
import { addLabels } from '../../src/client/labels/add-labels.js';
import type { Trigger } from '../../src/domain/trigger.js';
import { createMemoryStore } from '../fakes/memory-store.js';

export const SECRET = 'a secret of both sides';
export const SIGNING_TOKEN = `whsec_${Buffer.from('32 bytes that only two sides know').toString('base64')}`;
export const nowSeconds = (): number => Math.floor(Date.now() / 1000);

/** ISO 8601, UTC. */
export const hoursAgo = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();

export interface Posted {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string | Uint8Array<ArrayBuffer>;
}

/** The API over a list of wishes; `secrets` null: none is set. */
export function apiInTest(secret: string | null = SECRET) {
  const wishes: { model: string; trigger: Trigger }[] = [];
  const lines: string[] = [];
  const store = createMemoryStore();
  store.files.set('ledger/m/000000000001.json', new Uint8Array());
  let isDown = false;
  const api = createApi({
    secretOf: () => secret,
    async wish(model, trigger) {
      if (isDown) throw new RatchetError('Unexpected', 'the Temporal server cannot be reached');
      if (model === 'unknown') throw new RatchetError('ModelUnknown', 'there is no model unknown here');
      wishes.push({ model, trigger });
    },
    addLabels: (labels) => addLabels({ ...labels, store, nowMs: Date.now() }),
    tell: (line) => void lines.push(line),
  });
  const post = async ({ path, headers, body }: Posted): Promise<{ status: number; text: string }> => {
    const response = await api.request(path, { method: 'POST', headers, body });
    return { status: response.status, text: await response.text() };
  };
  return { api, wishes, lines, store, post, goDown: () => (isDown = true) };
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** As each sender sends and signs, made here from the descriptions of their makers. */
export const deliveries = {
  alertmanager: ({ model = 'm', startsAt = hoursAgo(1), secret = SECRET, status = 'firing' } = {}): Posted => ({
    path: '/v1/webhooks/alertmanager',
    headers: { authorization: `Bearer ${secret}` },
    body: JSON.stringify({
      version: '4',
      receiver: 'ratchet',
      alerts: [
        {
          status,
          labels: { alertname: 'Late', model },
          annotations: { summary: 'flights are late' },
          startsAt,
          endsAt: '0001-01-01T00:00:00Z',
          fingerprint: 'c0ffee',
        },
      ],
    }),
  }),
  mlflow: ({ id = 'd-1', at = nowSeconds(), secret = SECRET, tags = {}, entity = 'model_version' } = {}): Posted => {
    const body = JSON.stringify({ entity, action: 'created', timestamp: '…', data: { name: 'm', version: '3', source: 's', tags } });
    return {
      path: '/v1/webhooks/mlflow',
      headers: {
        'x-mlflow-delivery-id': id,
        'x-mlflow-timestamp': String(at),
        'x-mlflow-signature': `v1,${hmac(secret, `${id}.${at}.${body}`).toString('base64')}`,
      },
      body,
    };
  },
  github: ({ id = 'd-1', at = nowSeconds(), secret = SECRET, ref = 'refs/heads/main', event = 'push' } = {}): Posted => {
    const repository = { full_name: 'o/r', default_branch: 'main', pushed_at: at };
    const body = JSON.stringify({ ref, after: 'a'.repeat(40), pusher: { name: 'ana' }, repository });
    return {
      path: '/v1/webhooks/github?model=m',
      headers: {
        'x-github-event': event,
        'x-github-delivery': id,
        'x-hub-signature-256': `sha256=${hmac(secret, body).toString('hex')}`,
      },
      body,
    };
  },
  gitlab: ({ id = 'd-1', at = nowSeconds(), secret = SECRET, ref = 'refs/heads/main' } = {}): Posted => {
    const project = { path_with_namespace: 'o/r', default_branch: 'main' };
    const body = JSON.stringify({ object_kind: 'push', ref, after: 'b'.repeat(40), user_username: 'ana', project });
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    const proof: Record<string, string> = secret.startsWith('whsec_')
      ? {
          'webhook-id': id,
          'webhook-timestamp': String(at),
          'webhook-signature': `v1,${hmac(key, `${id}.${at}.${body}`).toString('base64')}`,
        }
      : { 'x-gitlab-token': secret };
    return { path: '/v1/webhooks/gitlab?model=m', headers: { 'x-gitlab-event': 'Push Hook', 'idempotency-key': id, ...proof }, body };
  },
};
