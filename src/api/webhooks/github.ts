import { z } from 'zod';
import { ApiError } from '../refusal.js';
import { modelNamed, parseBody } from './parse-body.js';
import { digestOfDelivery, hmacHex, isSame } from './signature.js';
import type { Reading, WebhookSource } from './source.js';

/** GitHub delivers again what failed, on request, for three days. */
const AGE_MS_MAX = 3 * 24 * 3600 * 1000;

const Push = z.object({
  ref: z.string(),
  after: z.string().regex(/^[0-9a-f]{40,64}$/, 'expected the hex digits of a commit'),
  deleted: z.boolean().default(false),
  pusher: z.object({ name: z.string() }).optional(),
  repository: z.object({
    full_name: z.string().min(1).max(200),
    default_branch: z.string().min(1),
    pushed_at: z.union([z.number(), z.iso.datetime({ offset: true })], { error: 'expected a time' }),
  }),
});

/**
 * GitHub signs the body alone. So the key is the digest of the body, for whoever sends it again may write another delivery id
 * beside it; and the time is that of the push.
 */
export const github: WebhookSource = {
  sender: 'github',
  check({ header, body }, secret) {
    const signature = header('x-hub-signature-256');
    const expected = 'X-Hub-Signature-256: expected sha256=<HMAC-SHA256 of the body in hex>';
    if (signature === undefined) throw new ApiError(401, `${expected}, found none`, 'set a secret in the settings of the webhook');
    if (!isSame(signature, `sha256=${hmacHex(secret, body)}`))
      throw new ApiError(401, `${expected} with the secret that both sides know`, 'give both sides the same secret');
    return null;
  },
  read({ header, body, model, nowMs }): Reading {
    const event = header('x-github-event') ?? 'none';
    if (event === 'ping') return { wishes: [], ignored: ['ping: heard'] };
    if (event !== 'push') return { wishes: [], ignored: [`event ${event.slice(0, 60)}: only a push asks for a cycle`] };
    const { ref, after, deleted, pusher, repository } = parseBody(Push, body, 'push of GitHub');
    const { pushed_at: pushedAt, full_name: repo, default_branch: branch } = repository;
    const pushedAtMs = typeof pushedAt === 'number' ? pushedAt * 1000 : Date.parse(pushedAt);
    if (Math.abs(nowMs - pushedAtMs) > AGE_MS_MAX)
      throw new ApiError(401, 'push of GitHub, field repository.pushed_at: expected a time of the last three days; too old to be accepted');
    if (deleted || ref !== `refs/heads/${branch}`)
      return { wishes: [], ignored: [`${ref.slice(0, 200)}: only a push to ${branch} asks for a cycle`] };
    const trigger = {
      key: `github/${digestOfDelivery(body)}`,
      kind: 'webhook' as const,
      requestedBy: 'github',
      reason: `push to ${repo} ${branch} by ${pusher?.name ?? 'nobody named'}`.slice(0, 500),
      commit: after,
    };
    return { wishes: [{ model: modelNamed(model, 'address of the webhook'), trigger }], ignored: [] };
  },
};
