import { z } from 'zod';
import { ApiError } from '../refusal.js';
import { modelNamed, parseBody } from './parse-body.js';
import { checkStandardSignature, digestOfDelivery, isSame } from './signature.js';
import type { Reading, WebhookSource } from './source.js';

const Push = z.object({
  ref: z.string(),
  after: z.string().regex(/^[0-9a-f]{40,64}$/, 'expected the hex digits of a commit'),
  user_username: z.string().optional(),
  project: z.object({ path_with_namespace: z.string().min(1).max(500), default_branch: z.string().min(1) }),
});

const names = { id: 'webhook-id', timestamp: 'webhook-timestamp', signature: 'webhook-signature' };

/**
 * A signing token (`whsec_…`, Standard Webhooks) where the secret is one, else the older secret token, which signs nothing: then the key
 * is the digest of the body, for whoever sends it again may write another delivery id beside it.
 */
export const gitlab: WebhookSource = {
  sender: 'gitlab',
  check({ header, body }, secret) {
    if (secret.startsWith('whsec_')) return checkStandardSignature(secret, body, { names, header });
    const token = header('x-gitlab-token');
    if (token === undefined)
      throw new ApiError(401, 'expected the header X-Gitlab-Token, found none', 'set the secret token, or better a signing token');
    if (!isSame(token, secret)) throw new ApiError(401, 'X-Gitlab-Token: expected the secret that both sides know, found another one');
    return null;
  },
  read({ header, body, model }, signedId): Reading {
    const event = header('x-gitlab-event') ?? 'none';
    if (event !== 'Push Hook') return { wishes: [], ignored: [`event ${event.slice(0, 60)}: only a push asks for a cycle`] };
    const { ref, after, user_username: user, project } = parseBody(Push, body, 'push of GitLab');
    const { default_branch: branch, path_with_namespace: path } = project;
    if (/^0+$/.test(after) || ref !== `refs/heads/${branch}`)
      return { wishes: [], ignored: [`${ref.slice(0, 200)}: only a push to ${branch} asks for a cycle`] };
    const trigger = {
      key: `gitlab/${signedId ?? digestOfDelivery(body)}`,
      kind: 'webhook' as const,
      requestedBy: 'gitlab',
      reason: `push to ${path} ${branch} by ${user ?? 'nobody named'}`.slice(0, 500),
      commit: after,
    };
    return { wishes: [{ model: modelNamed(model, 'address of the webhook'), trigger }], ignored: [] };
  },
};
