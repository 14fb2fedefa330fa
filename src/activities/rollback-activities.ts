import type { ModelVersion } from '../domain/candidate.js';
import { anchorBefore } from '../domain/decide/anchor-before.js';
import { spentBefore } from '../domain/decide/spent-before.js';
import { versionBefore } from '../domain/version-before.js';
import { RatchetError } from '../domain/failure.js';
import type { LedgerBody, LedgerState } from '../domain/ledger.js';
import { ModelSpec } from '../domain/model-spec.js';
import { shiftSecondsMaxOf } from '../domain/serving-cluster.js';
import type { ObjectStore } from '../ports/object-store.js';
import { getDocument } from './documents.js';
import type { Ledger } from './ledger.js';
import { instanceName } from './served-instance.js';

/** Where a rollback leads, and what it starts from. */
export interface RollbackPlan extends BroughtBack {
  readonly from: string;
  readonly to: ModelVersion;
  readonly generation: number;
  readonly openCycle: number | null;
  /** Whether that cycle's version may have traffic now. */
  readonly exposed: boolean;
  readonly baking: number | null;
  /** The cycle whose spec says how the model is served; null: it is not. */
  readonly servedBy: number | null;
  readonly instance: string;
  /** So long a shift may take where the champion is served; absent: a minute. */
  readonly shiftSecondsMax?: number;
}

/** What of a version's time as champion counts again. */
type BroughtBack = Pick<Extract<LedgerBody, { kind: 'rolled-back' }>, 'comparisons' | 'anchor'>;

export function createRollbackActivities({ store, ledger }: { store: ObjectStore; ledger: Ledger }) {
  return { planRollback, recordRollback };

  /**
   * Finds the version to go back to, among those that once were champion, and checks that its artifacts are still what they were.
   * @throws {RatchetError} RequestRefused: there is none of that name, or none before. EvidenceMissing, EvidenceCorrupt.
   */
  async function planRollback({ model, to }: { model: string; to: string | null }): Promise<RollbackPlan> {
    const state = (await ledger.readState(model))?.state;
    if (state?.champion == null) throw refused(`model ${model}: expected a champion to turn back from, found none`);
    const records = (await ledger.readRecords(model)).filter(({ after }) => after.generation <= state.generation);
    const promoted = records.flatMap(({ body }) => (body.kind === 'promoted' ? [body.version] : []));
    const target = to === null ? versionBefore(records) : promoted.findLast(({ version }) => version === to);
    if (target === undefined) {
      const known = promoted.map(({ version }) => version).join(', ');
      throw refused(
        to === null
          ? `model ${model}: nothing was champion before ${state.champion.version}`
          : `model ${model}: ${to} never was champion; these were: ${known}`,
      );
    }
    if (target.candidateDigest === state.champion.candidateDigest) throw refused(`model ${model}: ${target.version} is champion already`);
    for (const digest of [target.model.digest, target.candidateDigest]) await store.getByDigest(digest);
    return {
      from: state.champion.version,
      to: target,
      generation: state.generation,
      ...(await broughtBack(ledger, model, state, target)),
      openCycle: state.openCycle,
      exposed: state.exposure !== undefined,
      baking: state.bake?.cycle ?? null,
      ...(await howServed(state.champion.cycle, model)),
      instance: instanceName(model, target.cycle),
    };
  }

  async function howServed(cycle: number, model: string): Promise<Pick<RollbackPlan, 'servedBy' | 'shiftSecondsMax'>> {
    const record = (await ledger.readRecords(model, { from: cycle, to: cycle }))[0];
    if (record?.body.kind !== 'cycle-started') return { servedBy: null };
    const { serving } = (await getDocument(store, ModelSpec, 'spec', record.body.specDigest)).spec;
    if (serving === undefined) return { servedBy: null };
    const shiftSecondsMax = shiftSecondsMaxOf(serving.cluster);
    return { servedBy: cycle, ...(shiftSecondsMax !== undefined && { shiftSecondsMax }) };
  }

  /** Writes it down, after the traffic is there. @throws {RatchetError} ChampionChanged: somebody else was first. */
  async function recordRollback({
    model,
    plan,
    requestedBy,
    reason,
    decidedAt,
    trafficBackAt,
    at,
  }: {
    model: string;
    plan: RollbackPlan;
    requestedBy: string;
    reason: string;
    decidedAt: string;
    trafficBackAt: string | null;
    at: string;
  }): Promise<void> {
    const { to, comparisons, anchor } = plan;
    const back = { ...(comparisons !== undefined && { comparisons }), ...(anchor !== undefined && { anchor }) };
    await ledger.append({
      model,
      key: `generation-${plan.generation}/rolled-back`,
      body: { kind: 'rolled-back', to, ...back, requestedBy, reason, analysisDigest: null, seenAt: null, decidedAt, trafficBackAt },
      expects: { generation: plan.generation },
      at,
    });
  }
}

/** Of a record's body. A ledger that cannot be read that far back keeps nobody from recording where the traffic is. */
export async function broughtBack(ledger: Ledger, model: string, { generation }: LedgerState, to: ModelVersion): Promise<BroughtBack> {
  const all = await ledger.readRecords(model, { from: to.cycle }).catch((error: unknown) => {
    if (error instanceof RatchetError && error.type === 'LedgerBroken') return [];
    throw error;
  });
  const records = all.filter(({ after }) => after.generation <= generation); // another try may have recorded it by now
  const comparisons = spentBefore(records, to);
  const anchor = anchorBefore(records, to);
  return {
    ...(comparisons !== 0 && { comparisons }),
    ...(anchor !== undefined && anchor?.candidateDigest !== to.candidateDigest && { anchor }),
  };
}

function refused(message: string): RatchetError {
  return new RatchetError('RequestRefused', message, { remedy: 'ratchet history <model> lists the versions' });
}
