import { z } from 'zod';
import { ModelVersion } from './candidate.js';
import { TimeRange } from './dataset.js';
import { Digest } from './digest.js';
import { Stage } from './evidence.js';
import { FindingKind } from './finding.js';
import { Trigger } from './trigger.js';
import { Face } from './verdict.js';

const Time = z.iso.datetime({ offset: true });
const FailureDocument = z.strictObject({ type: z.string(), class: z.string(), message: z.string(), remedy: z.string() });

export const CycleOutcome = z.enum(['promoted', 'rejected', 'inconclusive', 'failed', 'aborted', 'superseded']);
export type CycleOutcome = z.infer<typeof CycleOutcome>;

/** Who turned traffic back and why; what was seen, when it was decided, and when the traffic was back. */
const turnedBack = {
  requestedBy: z.string(),
  reason: z.string(),
  /** What was seen; null where no analysis said so, or where the store was away. */
  analysisDigest: Digest.nullable(),
  /** The end of the window of traffic that showed it; null: a person saw it. */
  seenAt: Time.nullable(),
  decidedAt: Time,
  trafficBackAt: Time,
};

/** What was decided, by kind. Only decisions are records; stages leave evidence. Kinds are for ever. */
export const LedgerBody = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('ledger-opened'), model: z.string(), owner: z.string(), keyId: z.string() }),
  /** A take-over brings its own key, which alone signs from then on: whoever could vouch for it may be gone. */
  z.strictObject({
    kind: z.literal('owner-changed'),
    from: z.string(),
    owner: z.string(),
    keyId: z.string(),
    requestedBy: z.string(),
    reason: z.string(),
  }),
  z.strictObject({ kind: z.literal('key-added'), keyId: z.string(), requestedBy: z.string() }),
  z.strictObject({ kind: z.literal('spec-applied'), specDigest: Digest, codeDigest: Digest, requestedBy: z.string() }),
  z.strictObject({ kind: z.literal('paused'), requestedBy: z.string(), reason: z.string() }),
  z.strictObject({ kind: z.literal('resumed'), requestedBy: z.string(), reason: z.string() }),
  /** Its requests are refused from here on, whoever would answer them. */
  z.strictObject({
    kind: z.literal('serving-paused'),
    requestedBy: z.string(),
    reason: z.string(),
    /** What monitoring measured; null: a person saw it. */
    documentDigest: Digest.nullable(),
  }),
  z.strictObject({ kind: z.literal('serving-resumed'), requestedBy: z.string(), reason: z.string() }),
  z.strictObject({
    kind: z.literal('cycle-started'),
    trigger: Trigger,
    asOf: z.iso.datetime({ offset: true }),
    specDigest: Digest,
    codeDigest: Digest,
    /** Evidence of the retried cycle, by stage, that may be used instead of working again. */
    cites: z.partialRecord(Stage, Digest),
  }),
  z.strictObject({
    kind: z.literal('judged'),
    cycle: z.number().int(),
    verdictDigest: Digest,
    face: Face,
    next: z.enum(['proceed', 'askPerson', 'stop']),
    /** Whether this spent the budget: a comparison with a champion took place. */
    compared: z.boolean(),
    reasons: z.array(z.string()),
  }),
  z.strictObject({
    kind: z.literal('backtested'),
    policyDigest: Digest,
    comparisons: z.number().int().min(0),
    requestedBy: z.string(),
  }),
  z.strictObject({
    kind: z.literal('approved'),
    cycle: z.number().int(),
    candidateDigest: Digest,
    outcome: z.enum(['approved', 'rejected', 'timedOut']),
    votes: z.array(
      z.strictObject({
        signer: z.string(),
        role: z.string().nullable(),
        decision: z.enum(['approve', 'reject']),
        comment: z.string(),
        at: z.string(),
        assurance: z.literal('claimed'),
      }),
    ),
  }),
  z.strictObject({
    kind: z.literal('promoted'),
    cycle: z.number().int(),
    version: ModelVersion,
    /** Proven superior, or signed by people: becomes the frozen anchor. */
    becomesAnchor: z.boolean(),
    reason: z.string(),
    /** It is watched from here on, and may still turn back by itself until it is `baked`. */
    bakes: z.literal(true).optional(),
  }),
  /** Written before a version gets traffic, or more of it: what the router may do from here on. */
  z.strictObject({
    kind: z.literal('exposed'),
    cycle: z.number().int(),
    version: ModelVersion,
    /** `<index>-<kind>` of the step: part of the key. */
    step: z.string(),
    /** 0: copies only. */
    weightPercentMax: z.number().int().min(0).max(100),
  }),
  /** Written after the traffic was back: an exposed version was turned away. */
  z.strictObject({
    kind: z.literal('withdrawn'),
    cycle: z.number().int(),
    candidateDigest: Digest,
    ...turnedBack,
  }),
  /** The watch over a promoted version is over: it stays. */
  z.strictObject({ kind: z.literal('baked'), cycle: z.number().int(), reason: z.string(), analysisDigest: Digest.nullable() }),
  z.strictObject({
    kind: z.literal('rolled-back'),
    to: ModelVersion,
    /** Spent against it before it was replaced, on top of those since; absent: none, or a record of before they were counted. */
    comparisons: z.number().int().positive().optional(),
    /** The anchor again, where the one that is turned away from was it (null: there was none); absent: the version that is back. */
    anchor: ModelVersion.nullable().optional(),
    requestedBy: z.string(),
    reason: z.string(),
    analysisDigest: Digest.nullable().optional(),
    seenAt: Time.nullable().optional(),
    decidedAt: Time.optional(),
    trafficBackAt: Time.nullable().optional(),
  }),
  /** A window of monitoring asked for a cycle. Written before the wish is handed over; alerts are no decisions. */
  z.strictObject({
    kind: z.literal('monitored'),
    window: TimeRange,
    /** What was measured, and what it was judged by. */
    documentDigest: Digest,
    planDigest: Digest,
    /** For a cycle. */
    wishes: z.array(z.strictObject({ finding: FindingKind, triggerKey: z.string(), reason: z.string() })),
    /** What people are told of, and nothing more is done about; absent: nothing of the kind. */
    alerts: z.array(z.strictObject({ finding: FindingKind, reason: z.string() })).optional(),
  }),
  z.strictObject({
    kind: z.literal('cycle-ended'),
    cycle: z.number().int(),
    outcome: CycleOutcome,
    /** Where it ended, unless it was promoted. */
    stage: Stage.nullable(),
    reason: z.string(),
    failure: FailureDocument.nullable(),
    evidence: z.partialRecord(Stage, Digest),
  }),
]);
export type LedgerBody = z.infer<typeof LedgerBody>;
export type LedgerKind = LedgerBody['kind'];

/** The state of a model after a record: a pure fold of all records up to it, kept in each so that the head is enough. */
export const LedgerState = z.strictObject({
  owner: z.string(),
  /** Counts the changes of champion. */
  generation: z.number().int().min(0),
  champion: ModelVersion.nullable(),
  previousChampion: ModelVersion.nullable(),
  anchor: ModelVersion.nullable(),
  /** The sequence of the open cycle's `cycle-started`, which is its number. */
  openCycle: z.number().int().nullable(),
  /** Comparisons since this champion was promoted. */
  comparisons: z.number().int().min(0),
  specDigest: Digest.nullable(),
  codeDigest: Digest.nullable(),
  paused: z.boolean(),
  keyIds: z.array(z.string()),
  /** The open cycle's version, while it may have traffic: at most so much of it. */
  exposure: z.strictObject({ cycle: z.number().int(), version: ModelVersion, weightPercentMax: z.number() }).optional(),
  /** The cycle whose promoted version is still watched; the champion before it may have traffic as long. */
  bake: z.strictObject({ cycle: z.number().int() }).optional(),
  /** Its requests are refused, and why. */
  servingPaused: z.strictObject({ requestedBy: z.string(), reason: z.string() }).optional(),
});
export type LedgerState = z.infer<typeof LedgerState>;

export const LedgerRecord = z.strictObject({
  v: z.literal(1),
  model: z.string(),
  /** 1, 2, 3 …: the order. Times only inform. */
  seq: z.number().int().positive(),
  /** Digest of the record before, without its signature; null for the first. */
  prev: Digest.nullable(),
  /** `<cycle or trigger>/<kind>`: the same wish has the same key. */
  key: z.string(),
  at: z.iso.datetime({ offset: true }),
  body: LedgerBody,
  /** How far the names in it are proven. Absent in records of before it was said: claims, too. */
  assurance: z.literal('claimed').optional(),
  after: LedgerState,
  signature: z.strictObject({ keyId: z.string(), ed25519: z.string() }),
});
export type LedgerRecord = z.infer<typeof LedgerRecord>;

/** What must hold at the head for an append to be allowed; absent: not asked. */
export interface LedgerExpects {
  readonly generation?: number;
  /** A number: this cycle is open. null: none is. */
  readonly openCycle?: number | null;
  /** This spec and this code are in force. */
  readonly specDigest?: Digest;
  readonly codeDigest?: Digest;
  readonly paused?: boolean;
}

/** The answer to an append: the record that now stands in the ledger, ours or the same one from an earlier try. */
export interface Appended {
  readonly seq: number;
  readonly digest: Digest;
  readonly adopted: boolean;
  readonly after: LedgerState;
}
