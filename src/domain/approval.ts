import { z } from 'zod';
import { Digest } from './digest.js';

export const Signer = z.union([
  z.strictObject({ name: z.string().min(1).describe('A person, as they sign.') }),
  z.strictObject({
    role: z.string().min(1).describe('What the members sign as.'),
    members: z.array(z.string().min(1)).min(1).describe('People, as they sign.'),
  }),
]);
export type Signer = z.infer<typeof Signer>;

export const ApprovalSpec = z.strictObject({
  requiredFor: z
    .enum(['always', 'exceptions'])
    .default('exceptions')
    .describe('exceptions: only where a gate asks for a person (no champion, too good to be true).'),
  quorum: z.number().int().min(1).default(1).describe('So many different signers must approve; one rejection ends it.'),
  signers: z.array(Signer).min(1).describe('Who may sign; each person once, however often named.'),
  timeoutHours: z
    .number()
    .positive()
    .max(24 * 366)
    .default(168)
    .describe('So long a candidate waits for votes.'),
  onTimeout: z.literal('reject').default('reject').describe('Silence is never a yes.'),
  escalateAfterHours: z.number().positive().optional().describe('Then a notice goes to escalateTo.'),
  escalateTo: z.array(z.string().min(1)).default([]).describe('Who is told that a vote still waits.'),
});
export type ApprovalSpec = z.infer<typeof ApprovalSpec>;

export const Vote = z.strictObject({
  candidateDigest: Digest,
  signer: z.string().min(1),
  decision: z.enum(['approve', 'reject']),
  comment: z.string().max(2000).default(''),
});
export type Vote = z.infer<typeof Vote>;

/** A vote as it was counted. Identities are claims: whoever reaches the Temporal server may claim any name. */
export interface CountedVote extends Vote {
  readonly at: string;
  readonly role: string | null;
  readonly assurance: 'claimed';
}

/** A vote that was refused, kept so that a Signal that got no answer is still answered in the record. */
export interface RefusedVote {
  readonly signer: string;
  readonly candidateDigest: string;
  readonly at: string;
  readonly reason: string;
}

export type ApprovalOutcome = 'approved' | 'rejected' | 'timedOut';

export interface ApprovalState {
  readonly candidateDigest: Digest;
  readonly votes: readonly CountedVote[];
  readonly refused: readonly RefusedVote[];
  readonly openedAt: string;
  readonly outcome: ApprovalOutcome | null;
}
