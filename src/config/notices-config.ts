import { join } from 'node:path';
import { z } from 'zod';
import { RouteName } from '../domain/notice.js';
import { readYaml } from './read-yaml.js';
import { SecretReference } from './secret.js';

const HttpUrl = z.url({ protocol: /^https?$/, error: 'expected an http(s) address' });

export const NoticeRoute = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('slack').describe('A Slack-compatible incoming webhook (Slack, Mattermost, Rocket.Chat).'),
      url: SecretReference.describe('Its address, which is the secret: `{ env: NAME }` or `{ file: path }`.'),
    })
    .describe('A channel.'),
  z
    .strictObject({
      kind: z.literal('email').describe('Mail by SMTP.'),
      host: z.string().min(1).describe('The mail server.'),
      port: z.number().int().min(1).max(65_535).default(587).describe('Its port.'),
      tls: z
        .enum(['starttls', 'tls', 'none'])
        .default('starttls')
        .describe('starttls: refused where the server cannot; none: only for a server on this machine.'),
      user: z.string().min(1).optional().describe('Who signs in; absent: nobody.'),
      password: SecretReference.optional().describe('With user: `{ env: NAME }` or `{ file: path }`.'),
      from: z.string().min(3).describe('The sender.'),
      to: z.array(z.string().min(3)).min(1).describe('The receivers.'),
    })
    .refine(({ user, password }) => (user === undefined) === (password === undefined), {
      path: ['password'],
      error: 'expected user and password together',
    })
    .refine(({ tls, host }) => tls !== 'none' || /^(127\.0\.0\.1|::1|localhost)$/.test(host), {
      path: ['tls'],
      error: 'expected starttls or tls: without it everybody on the way reads along',
    })
    .describe('Mail.'),
  z
    .strictObject({
      kind: z.literal('alertmanager').describe('Prometheus Alertmanager, version 2 of its interface.'),
      url: HttpUrl.describe('Its address, without /api/v2.'),
      bearer: SecretReference.optional().describe('A token, where one is asked for.'),
    })
    .describe('Alertmanager.'),
  z
    .strictObject({
      kind: z.literal('webhook').describe('Any receiver of Standard Webhooks.'),
      url: HttpUrl.describe('Where it is posted.'),
      secret: SecretReference.describe('`whsec_` and base64: what it is signed with.'),
    })
    .describe('A program.'),
]);
export type NoticeRoute = z.infer<typeof NoticeRoute>;

export const NoticesConfig = z
  .strictObject({
    routes: z.record(RouteName, NoticeRoute).describe('Receivers by name.'),
    default: z.array(RouteName).default([]).describe('Where notices of models go whose file names no routes.'),
    remindAfterHours: z
      .number()
      .positive()
      .max(24 * 366)
      .default(24)
      .describe(
        'So long after an approval was asked for or something was paused, and twice as long each time after that, people are reminded.',
      ),
  })
  .superRefine(({ routes, default: fallback }, context) => {
    for (const [index, name] of fallback.entries())
      if (!(name in routes))
        context.addIssue({ code: 'custom', path: ['default', index], message: `expected one of ${Object.keys(routes).join(', ')}` });
  });
export type NoticesConfig = z.infer<typeof NoticesConfig>;

/** RATCHET_NOTICES_FILE, else notices.yaml in the home. */
export function noticesFile(home: string, environment: NodeJS.ProcessEnv): string {
  return environment['RATCHET_NOTICES_FILE'] || join(home, 'notices.yaml');
}

/** null: there is no such file. @throws {Error} as readYaml */
export function readNoticesConfig(file: string): NoticesConfig | null {
  return readYaml(file, NoticesConfig);
}
