import { describe, expect, test } from 'vitest';
import { WEBHOOK_SENDERS, type WebhookSender } from '../../src/config/api-config.js';
import { apiInTest, deliveries, hoursAgo, nowSeconds, SECRET, SIGNING_TOKEN, type Posted } from './signed-deliveries.js';

const HOUR = 3600;
const wrong = 'a secret of somebody else';
const proofs = ['authorization', 'x-mlflow-signature', 'x-hub-signature-256', 'x-gitlab-token'];

test.for<[sender: WebhookSender, key: RegExp, more: object]>([
  ['alertmanager', /^alertmanager\/c0ffee\/\d{4}-\d\d-\d\dT[\d:.]+Z$/, { reason: 'Late: flights are late' }],
  ['mlflow', /^mlflow\/d-1$/, { reason: 'model_version created: m 3' }],
  ['github', /^github\/[0-9a-f]{40}$/, { reason: 'push to o/r main by ana', commit: 'a'.repeat(40) }],
  ['gitlab', /^gitlab\/[0-9a-f]{40}$/, { reason: 'push to o/r main by ana', commit: 'b'.repeat(40) }],
])('a signed message of %s asks for one cycle', async ([sender, key, more]) => {
  const { post, wishes } = apiInTest();
  const { status, text } = await post(deliveries[sender]());
  expect([status, wishes]).toMatchObject([202, [{ model: 'm', trigger: { kind: 'webhook', requestedBy: sender, ...more } }]]);
  expect(wishes[0]!.trigger.key).toMatch(key);
  expect(JSON.parse(text)).toMatchObject({ accepted: [{ model: 'm', key: wishes[0]!.trigger.key }] });
});

describe.for(WEBHOOK_SENDERS)('%s', (sender) => {
  test('a wrong secret is refused, and neither secret is said', async () => {
    const { post, wishes, lines } = apiInTest();
    const { status, text } = await post(deliveries[sender]({ secret: wrong }));
    expect([status, wishes]).toEqual([401, []]);
    expect(JSON.parse(text).error.message).toContain('expected');
    for (const secret of [wrong, SECRET]) expect([text, ...lines].join('\n')).not.toContain(secret);
  });

  test('a message without a signature is refused', async () => {
    const { post, wishes } = apiInTest();
    const { headers, ...rest } = deliveries[sender]();
    const unsigned = Object.fromEntries(Object.entries(headers).filter(([name]) => !proofs.includes(name)));
    expect([(await post({ ...rest, headers: unsigned })).status, wishes]).toEqual([401, []]);
  });

  test('where no secret is set, everything is refused, and it says what to set', async () => {
    const { post, wishes } = apiInTest(null);
    const { status, text } = await post(deliveries[sender]());
    expect([status, wishes]).toEqual([403, []]);
    expect(text).toContain(`RATCHET_WEBHOOK_${sender.toUpperCase()}_SECRET`);
  });

  test('a body of 1 MB is refused before it is read', async () => {
    const { post, wishes } = apiInTest();
    expect([(await post({ ...deliveries[sender](), body: 'x'.repeat(2 ** 20) })).status, wishes]).toEqual([413, []]);
  });

  test('what cannot be kept now is to be sent again, and what no model is for is not', async () => {
    const down = apiInTest();
    down.goDown();
    expect((await down.post(deliveries[sender]())).status).toBe(503);
    const { path, ...rest } = deliveries[sender]();
    const { status, text } = await apiInTest().post({ ...rest, path: `${path.split('?')[0]}?model=unknown` });
    expect([status, text]).toEqual([404, expect.stringContaining('there is no model unknown')]);
  });
});

test.for<[string, Posted]>([
  ['mlflow, ten minutes old', deliveries.mlflow({ at: nowSeconds() - 600 })],
  ['mlflow, of a clock ten minutes ahead', deliveries.mlflow({ at: nowSeconds() + 600 })],
  ['github, pushed four days ago', deliveries.github({ at: nowSeconds() - 96 * HOUR })],
])('a replayed old message is refused, though its signature holds: %s', async ([, posted]) => {
  const { post, wishes } = apiInTest();
  expect([(await post(posted)).status, wishes]).toEqual([401, []]);
});

test('gitlab: with a signing token the time is signed, a plain token no longer counts, and an old message is refused', async () => {
  const { post, wishes } = apiInTest(SIGNING_TOKEN);
  expect((await post(deliveries.gitlab({ secret: SIGNING_TOKEN }))).status).toBe(202);
  expect((await post(deliveries.gitlab({ secret: SIGNING_TOKEN, at: nowSeconds() - 600 }))).status).toBe(401);
  const { headers, ...rest } = deliveries.gitlab();
  expect((await post({ ...rest, headers: { ...headers, 'x-gitlab-token': SIGNING_TOKEN } })).status).toBe(401);
  expect(wishes.map(({ trigger }) => trigger.key)).toEqual(['gitlab/d-1']);
});

test.for(['github', 'gitlab'] as const)('%s: a delivery that is sent again under another id is the same wish', async (sender) => {
  const { post, wishes } = apiInTest();
  const at = nowSeconds();
  for (const id of ['d-1', 'd-2']) await post(deliveries[sender]({ id, at }));
  expect(new Set(wishes.map(({ trigger }) => trigger.key)).size).toBe(1);
});

test.for<[string, Posted, reason: string]>([
  ['a push to another branch', deliveries.github({ ref: 'refs/heads/try' }), 'only a push to main'],
  ['an event that is no push', deliveries.github({ event: 'star' }), 'only a push'],
  ['the ping of a new webhook', deliveries.github({ event: 'ping' }), 'ping'],
  ['a push to another branch of GitLab', deliveries.gitlab({ ref: 'refs/heads/try' }), 'only a push to main'],
  ['a resolved alert', deliveries.alertmanager({ status: 'resolved' }), 'resolved'],
  [
    'an alert that began before its key would be forgotten',
    deliveries.alertmanager({ startsAt: hoursAgo(85) }),
    'expected startsAt within three and a half days',
  ],
  [
    'an alert of a clock that is four days ahead',
    deliveries.alertmanager({ startsAt: hoursAgo(-96) }),
    'expected startsAt within three and a half days',
  ],
  ['a version that Ratchet registered', deliveries.mlflow({ tags: { 'ratchet.source': 's' } }), 'written by Ratchet itself'],
  ['a new prompt', deliveries.mlflow({ entity: 'prompt' }), 'only versions'],
])('%s asks for nothing', async ([, posted, reason]) => {
  const { post, wishes } = apiInTest();
  const { status, text } = await post(posted);
  expect([status, wishes]).toEqual([202, []]);
  expect(JSON.parse(text)).toMatchObject({ accepted: [], ignored: [expect.stringContaining(reason)] });
});

test.for<[string, Posted, message: string]>([
  ['a model name that is none', { ...deliveries.alertmanager({ model: '../x' }) }, 'label model'],
  ['no model at all', { ...deliveries.github(), path: '/v1/webhooks/github' }, 'expected the name of a model, found none'],
  ['another version of the message', { ...deliveries.alertmanager(), body: '{"version":"5","alerts":[]}' }, 'field version'],
  ['no JSON', { ...deliveries.alertmanager(), body: 'alert=1' }, 'expected JSON'],
])('%s is refused with the field', async ([, posted, message]) => {
  const { status, text } = await apiInTest().post(posted);
  expect([status, text]).toEqual([400, expect.stringContaining(message)]);
});

test('it says that it lives, and of other addresses that there is nothing', async () => {
  const { api } = apiInTest();
  expect(await (await api.request('/healthz')).json()).toEqual({ status: 'ok' });
  expect((await api.request('/v1/webhooks/github')).status).toBe(404);
});
