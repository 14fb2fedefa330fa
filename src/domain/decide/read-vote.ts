import type { Vote } from '../approval.js';

/**
 * A vote out of a Signal's payload, which anybody with the Temporal UI may have typed: the vote, or what is wrong with it.
 * Pure and total; workflows cannot use the schema.
 */
export function readVote(payload: unknown): Vote | string {
  if (typeof payload !== 'object' || payload === null)
    return `a vote: expected an object, found ${payload === null ? 'null' : typeof payload}`;
  if ('unreadable' in payload) return `a vote: expected JSON, found a payload that cannot be read (${words(payload.unreadable)})`;
  const { candidateDigest, signer, decision, comment = '' } = payload as Record<string, unknown>;
  if (typeof candidateDigest !== 'string' || candidateDigest.length > 100)
    return 'a vote, field candidateDigest: expected sha256:…, found nothing like it';
  if (typeof signer !== 'string' || signer === '' || signer.length > 200)
    return 'a vote, field signer: expected a name of 1 to 200 characters';
  if (decision !== 'approve' && decision !== 'reject')
    return `a vote, field decision: expected approve or reject, found ${words(decision)}`;
  if (typeof comment !== 'string' || comment.length > 2000) return 'a vote, field comment: expected a text of at most 2000 characters';
  return { candidateDigest: candidateDigest as Vote['candidateDigest'], signer, decision, comment };
}

/** An object may not even have a text: only texts are quoted. */
function words(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 100) : typeof value;
}
