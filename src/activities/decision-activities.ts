import type { ApprovalSpec, CountedVote } from '../domain/approval.js';
import type { Digest } from '../domain/digest.js';
import type { Stage } from '../domain/evidence.js';
import { RatchetError } from '../domain/failure.js';
import type { Appended, CycleOutcome, LedgerBody, LedgerExpects } from '../domain/ledger.js';
import type { ObjectStore } from '../ports/object-store.js';
import { loadCycle } from './cycle-context.js';
import type { Ledger } from './ledger.js';
import { tellDecided, type TellPorts } from './tell-people.js';

export interface DecisionActivityPorts extends Pick<TellPorts, 'noticeRoutes'> {
  readonly store: ObjectStore;
  readonly ledger: Ledger;
  /** How long a watch may be silent before another worker takes it over. */
  readonly watchHeartbeatSeconds: number;
  /** Whether the search attributes are registered on this server: setting an unknown one would block the workflow. */
  readonly searchAttributes: boolean;
}

/** What the workflow itself needs to know of its cycle: small, and fixed at the start. */
export interface OpenedCycle {
  readonly asOf: string;
  readonly triggerKind: string;
  readonly cites: readonly Stage[];
  readonly approval: ApprovalSpec;
  readonly refit: boolean;
  readonly attemptsMax: number;
  readonly memoryMiB: number;
  readonly memoryMiBMax: number;
  readonly timeLimitSeconds: number;
  /** From SIGTERM to SIGKILL of a training; absent: the cluster's own, and in cycles that began before there was any. */
  readonly graceSeconds?: number;
  readonly owner: string;
  readonly watchHeartbeatSeconds: number;
  readonly searchAttributes: boolean;
  /** Whether the model answers requests: then traffic is shifted before it is promoted. */
  readonly serves: boolean;
  /** How this cycle ended, where it was started again after its end; null: it is to run. */
  readonly outcome: CycleOutcome | null;
}

export interface AppendRequest {
  readonly model: string;
  readonly key: string;
  readonly body: LedgerBody;
  readonly expects: LedgerExpects;
  /** Workflow time; only informs. */
  readonly at: string;
}

/** What was already decided about a candidate, where a workflow was reset after its votes were recorded. */
export interface RecordedApproval {
  readonly outcome: 'approved' | 'rejected' | 'timedOut';
  readonly votes: readonly CountedVote[];
}

export function createDecisionActivities({ store, ledger, watchHeartbeatSeconds, searchAttributes, noticeRoutes }: DecisionActivityPorts) {
  return { openCycle, appendRecord, findApproval, findOutcome };

  /** @throws {RatchetError} CycleUnknown: a cycle without its record refuses to run, however it was started. */
  async function openCycle({ model, cycle }: { model: string; cycle: number }): Promise<OpenedCycle> {
    const { started, spec } = await loadCycle({ ledger, store }, model, cycle);
    const { trainer, approval, refit } = spec.spec;
    return {
      asOf: started.asOf,
      triggerKind: started.trigger.kind,
      cites: Object.keys(started.cites) as Stage[],
      approval,
      refit: refit === 'afterPass',
      attemptsMax: trainer.attemptsMax,
      memoryMiB: trainer.resources.memoryMiB,
      memoryMiBMax: trainer.resources.memoryMiBMax ?? trainer.resources.memoryMiB,
      timeLimitSeconds: trainer.timeLimitSeconds,
      ...(trainer.checkpoints !== undefined && { graceSeconds: trainer.checkpoints.graceSeconds }),
      owner: spec.metadata.owner,
      watchHeartbeatSeconds,
      searchAttributes,
      serves: spec.spec.serving !== undefined,
      outcome: await findOutcome({ model, cycle }),
    };
  }

  /**
   * One append, by the ledger's protocol: lost replies, retries and second writers are all the same case.
   * @throws {RatchetError} EvidenceMissing: it would put in force what this store does not hold
   */
  async function appendRecord(request: AppendRequest): Promise<Pick<Appended, 'seq' | 'adopted'>> {
    if (request.body.kind === 'spec-applied') await mustHold(store, request.body);
    const { seq, adopted } = await ledger.append(request);
    const { model, body } = request;
    if (body.kind === 'approved' || body.kind === 'cycle-ended') await tellDecided({ noticeRoutes }, model, body.cycle);
    return { seq, adopted };
  }

  /** The approval that the ledger already holds for this candidate; null where none. */
  async function findApproval({
    model,
    cycle,
    candidateDigest,
  }: {
    model: string;
    cycle: number;
    candidateDigest: Digest;
  }): Promise<RecordedApproval | null> {
    for (const { body } of await ledger.readRecords(model, { from: cycle })) {
      if (body.kind === 'approved' && body.cycle === cycle && body.candidateDigest === candidateDigest)
        return { outcome: body.outcome, votes: body.votes.map((vote) => ({ ...vote, candidateDigest })) };
    }
    return null;
  }

  /** How a cycle ended according to the ledger; null while it is open. */
  async function findOutcome({ model, cycle }: { model: string; cycle: number }): Promise<CycleOutcome | null> {
    for (const { body } of await ledger.readRecords(model, { from: cycle })) {
      if (body.kind === 'cycle-ended' && body.cycle === cycle) return body.outcome;
    }
    return null;
  }
}

/** Whoever applies puts them there first, into the store that they take for the worker's: a record of anything else would never verify. */
async function mustHold(store: ObjectStore, { specDigest, codeDigest }: { specDigest: Digest; codeDigest: Digest }): Promise<void> {
  for (const [what, digest] of [
    ['spec', specDigest],
    ['code', codeDigest],
  ] as const) {
    if (await store.hasDigest(digest)) continue;
    throw new RatchetError('EvidenceMissing', `the worker’s store is ${store.uri} and does not hold the ${what} ${digest}`, {
      remedy: 'set RATCHET_STORE_URI to the worker’s store, then apply again',
    });
  }
}
