import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import { ApiError } from '../refusal.js';

/** Compares digests of equal length, so that the time it takes says nothing about either text. */
export function isSame(found: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();
  return timingSafeEqual(digest(found), digest(expected));
}

/** HMAC-SHA256 in hex, as GitHub signs. */
export function hmacHex(secret: string, body: string): string {
  return createHmac('sha256', secret).update(body, 'utf8').digest('hex');
}

/** The same through all tries of one delivery, whatever stands in headers that nobody signed. */
export function digestOfDelivery(body: string): string {
  return createHash('sha256').update(body, 'utf8').digest('hex').slice(0, 40);
}

export interface SignedHeaders {
  /** The names that this sender gives to the three headers of Standard Webhooks, for messages. */
  readonly names: { readonly id: string; readonly timestamp: string; readonly signature: string };
  readonly header: (name: string) => string | undefined;
}

/**
 * Standard Webhooks: `v1,` and the base64 of HMAC-SHA256 over id, Unix time and body; five minutes old at most.
 * @param key as `whsec_` and base64, or bytes
 * @returns the id of the delivery, which is signed as well
 * @throws {ApiError} 401
 */
export function checkStandardSignature(key: string | Uint8Array, body: string, { names, header }: SignedHeaders): string {
  const [id, timestamp, signature] = [header(names.id), header(names.timestamp), header(names.signature)];
  const expected = `headers ${names.id}, ${names.timestamp} and ${names.signature}`;
  if (!id || !timestamp || !signature)
    throw new ApiError(401, `expected the ${expected}, found ${[id, timestamp, signature].filter(Boolean).length} of them`);
  try {
    const webhook = typeof key === 'string' ? new Webhook(key) : new Webhook(key, { format: 'raw' });
    webhook.verify(body, { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature }, { jsonParse: false });
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw new ApiError(403, 'the secret of this webhook is not base64 after whsec_');
    throw new ApiError(401, `${names.signature}: ${reasonOf(error.message, names.timestamp)}`, 'give both sides the same secret');
  }
  if (!/^[\x21-\x7e]{1,150}$/.test(id)) throw new ApiError(400, `${names.id}: expected 1 to 150 visible characters`);
  return id;
}

function reasonOf(words: string, timestampName: string): string {
  if (/too old|too new|Invalid Signature Headers/.test(words))
    return `expected ${timestampName} within five minutes of now in Unix seconds; a message is not accepted again later`;
  return 'expected v1, and the base64 of HMAC-SHA256 over id, time and body with the secret that both sides know';
}
