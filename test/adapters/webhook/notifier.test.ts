import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { createWebhookNotifier } from '../../../src/adapters/webhook/notifier.js';
import { describeNotifier, noticeOf } from '../../contracts/notifier.js';
import { startHttpReceiver } from '../../servers/http-receiver.js';

const key = Buffer.from('thirty-two bytes of a secret key');
const secret = `whsec_${key.toString('base64')}`;

describeNotifier('Webhook', async () => {
  const receiver = await startHttpReceiver();
  return {
    ...receiver,
    notifier: createWebhookNotifier({ url: `${receiver.url}/in?token=hush`, secret }),
    secrets: [secret, 'hush'],
    received: async () =>
      receiver.received.map(({ headers, body }) => ({ id: decodeURIComponent(headers['webhook-id'] as string), words: wordsOf(body) })),
  };
});

const wordsOf = (body: string): string => {
  const { data } = JSON.parse(body) as { data: object };
  return Object.values(data).flat().join('\n');
};

test('what it posts is signed over id, time and body, so that the receiver can prove all three', async () => {
  const receiver = await startHttpReceiver();
  await createWebhookNotifier({ url: receiver.url, secret, now: () => new Date('2026-11-28T10:00:00.4Z') }).notify(noticeOf());
  const { headers, body } = receiver.received[0]!;
  const signed = `flights%2F12%2Fapproval.1795860000.${body}`;
  expect(headers).toMatchObject({
    'webhook-id': 'flights%2F12%2Fapproval',
    'webhook-timestamp': '1795860000',
    'webhook-signature': `v1,${createHmac('sha256', key).update(signed).digest('base64')}`,
  });
  expect(JSON.parse(body)).toMatchObject({ type: 'ratchet.approval', data: noticeOf() });
});

test('a receiver that refuses, redirects, hangs or breaks off has told nobody', async () => {
  const receiver = await startHttpReceiver();
  const notifier = createWebhookNotifier({ url: `${receiver.url}/${secret}`, secret, timeoutMs: 200 });
  for (const answer of [500, 404, 307, 'never', 'dies'] as const) {
    receiver.answer = answer;
    const error = await notifier.notify(noticeOf()).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ type: 'NotifierUnavailable' });
    expect((error as Error).message).not.toContain(secret);
  }
});

test('a secret that is none is named without being said', () => {
  expect(() => createWebhookNotifier({ url: 'http://127.0.0.1:1', secret: 'whsec_' })).toThrow('expected a secret of whsec_ and base64');
});
