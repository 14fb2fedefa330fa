import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readNoticesConfig } from '../../src/config/notices-config.js';
import { openNoticeRoutes } from '../../src/workers/compose/notices.js';
import { temporaryFolder } from '../temporary-folder.js';

const CHAT = 'routes: { chat: { kind: slack, url: { env: CHAT_URL } } }\n';
const MAIL = 'kind: email, host: mail.example.org, from: r@example.org, to: [a@example.org]';
const file = (text: string): string => {
  const path = join(temporaryFolder(), 'notices.yaml');
  writeFileSync(path, text);
  return path;
};

test.for<[text: string, message: string]>([
  ['routes: { chat: { kind: smoke } }', 'notices.yaml, field routes.chat.kind: '],
  ['routes: { chat: { kind: slack, url: "http://secret" } }', 'field routes.chat.url: expected { env: NAME } or { file: path }'],
  [`${CHAT}default: [chat, pager]`, 'field default.1: expected one of chat'],
  [`routes: { mail: { ${MAIL}, user: me } }`, 'field routes.mail.password: expected user and password together'],
  [`routes: { mail: { ${MAIL}, tls: none } }`, 'field routes.mail.tls: expected starttls or tls'],
  ['routes: { hook: { kind: webhook, url: "ftp://x", secret: { env: S } } }', 'field routes.hook.url: expected an http(s) address'],
  [`${CHAT}remindAfterMinutes: 5`, 'field (the whole): Unrecognized key'],
  ['routes: [', 'notices.yaml: expected YAML'],
])('%s is refused with its field', ([text, message]) => {
  expect(() => readNoticesConfig(file(text))).toThrow(message);
});

test('where there is no file there are no routes; what is changed counts at the next use', () => {
  const path = join(temporaryFolder(), 'notices.yaml');
  const environment: NodeJS.ProcessEnv = {};
  const routes = openNoticeRoutes(path, environment);
  expect(routes.exist()).toBe(false);
  writeFileSync(path, `${CHAT}default: [chat]\n`);
  expect([routes.exist(), routes.read()]).toEqual([true, { names: ['chat'], fallback: ['chat'], remindAfterHours: 24 }]);
  expect(() => routes.notifier('chat')).toThrow('environment variable CHAT_URL: expected a secret, found nothing');
  environment['CHAT_URL'] = 'http://127.0.0.1:9/services/hush';
  expect(() => routes.notifier('chat')).not.toThrow();
  writeFileSync(path, 'routes: [');
  expect(routes.exist()).toBe(true); // somebody wanted to be told: it waits until it is mended
  expect(() => routes.read()).toThrow(expect.objectContaining({ type: 'NotifierUnavailable' }));
});
