import type { Digest } from '../domain/digest.js';
import { RatchetError } from '../domain/failure.js';
import type { LedgerBody } from '../domain/ledger.js';
import type { ObjectStore } from '../ports/object-store.js';
import { loadCycle, type CycleRef } from './cycle-context.js';
import type { Ledger } from './ledger.js';
import { briefRollout, challengerOf, type RolloutBrief } from './rollout-brief.js';
import { broughtBack } from './rollback-activities.js';

/** Who turned back and why, for the record. */
export interface TurnedBack {
  readonly requestedBy: string;
  readonly reason: string;
  readonly analysisDigest: Digest | null;
  readonly seenAt: string | null;
  readonly decidedAt: string;
  readonly trafficBackAt: string;
}

export function createRolloutActivities({ store, ledger }: { store: ObjectStore; ledger: Ledger }) {
  return { openRollout, exposeVersion, withdrawVersion, endBake, rollBackBake };

  async function openRollout(ref: CycleRef): Promise<RolloutBrief> {
    return briefRollout({ store, ledger }, ref);
  }

  /** Lets a version have traffic, in the ledger, before it gets any. @throws {RatchetError} ChampionChanged: it was judged against another one. */
  async function exposeVersion({
    step,
    weightPercentMax,
    at,
    ...ref
  }: CycleRef & { step: string; weightPercentMax: number; at: string }): Promise<void> {
    const version = await challengerOf({ store, ledger }, ref);
    const { model, cycle } = ref;
    const { generation } = (await loadCycle({ store, ledger }, model, cycle)).baseline;
    const body: LedgerBody = { kind: 'exposed', cycle, version, step, weightPercentMax };
    await ledger.append({ model, key: `${cycle}/${step}/exposed`, body, expects: { openCycle: cycle, generation }, at });
  }

  /** Says that an exposed version was turned away, after the traffic was back. Where it never had any, or somebody said so before, nothing. */
  async function withdrawVersion({ model, cycle, at, ...back }: { model: string; cycle: number; at: string } & TurnedBack): Promise<void> {
    const exposure = (await ledger.readState(model))?.state.exposure;
    if (exposure === undefined || exposure.cycle !== cycle) return;
    const { candidateDigest } = exposure.version;
    const body: LedgerBody = { kind: 'withdrawn', cycle, candidateDigest, ...back };
    await ledger.append({ model, key: `${cycle}/withdrawn`, body, expects: { openCycle: cycle }, at });
  }

  /** Says that the promoted version stays. @returns the cycle that may be waiting for it */
  async function endBake({
    model,
    cycle,
    reason,
    analysisDigest,
    at,
  }: {
    model: string;
    cycle: number;
    reason: string;
    analysisDigest: Digest | null;
    at: string;
  }): Promise<{ openCycle: number | null }> {
    const before = (await ledger.readState(model))?.state;
    if (before?.bake?.cycle === cycle) {
      const body: LedgerBody = { kind: 'baked', cycle, reason, analysisDigest };
      await ledger.append({ model, key: `${cycle}/baked`, body, expects: {}, at });
    }
    return { openCycle: before?.openCycle ?? null };
  }

  /** Says that the champion before is champion again, after the traffic was back. */
  async function rollBackBake({
    model,
    cycle,
    at,
    ...back
  }: { model: string; cycle: number; at: string } & TurnedBack): Promise<{ openCycle: number | null }> {
    const before = (await ledger.readState(model))?.state;
    if (before?.bake?.cycle !== cycle) return { openCycle: before?.openCycle ?? null }; // said before, or somebody else turned back
    const to = before.previousChampion;
    if (to === null)
      throw new RatchetError('LedgerConflict', `model ${model}: expected a champion before that of cycle ${cycle}, found none`);
    const body: LedgerBody = { kind: 'rolled-back', to, ...(await broughtBack(ledger, model, before, to)), ...back };
    await ledger.append({ model, key: `${cycle}/bake/rolled-back`, body, expects: { generation: before.generation }, at });
    return { openCycle: before.openCycle };
  }
}
