import { createJudgeActivities } from '../../../src/activities/judge-activities.js';
import { createLedger } from '../../../src/activities/ledger.js';
import type { ModelVersion } from '../../../src/domain/candidate.js';
import { canonicalJson, type Digest } from '../../../src/domain/digest.js';
import type { Evidence } from '../../../src/domain/evidence.js';
import type { LedgerBody } from '../../../src/domain/ledger.js';
import { ModelSpec } from '../../../src/domain/model-spec.js';
import type { AgreeOutput, EvaluateOutput } from '../../../src/domain/stage-jobs.js';
import { createMemorySigner } from '../../fakes/memory-signer.js';
import { createMemoryStore } from '../../fakes/memory-store.js';
import { AT, cycleEnded, cycleStarted, promoted, version } from '../../ledger/sample-bodies.js';

export const model = 'flights';

/** A model file's document; `gates` replaces what it asks for. */
export function specWith(gates: Record<string, unknown> = {}): ModelSpec {
  return ModelSpec.parse({
    apiVersion: 'ratchet.dev/v1',
    kind: 'Model',
    metadata: { name: model, owner: 'ana' },
    spec: {
      data: {
        source: { kind: 'parquet', uri: 'file:///data' },
        timeColumn: 'at',
        window: { days: 90, holdoutDays: 28 },
        label: { column: 'late', delayHours: 24 },
        features: [{ name: 'distance', type: 'number' }],
      },
      trainer: { command: ['train'], timeLimitSeconds: 60 },
      evaluation: { metrics: ['auc', 'logLoss'], resampleBy: 'day' },
      gates: {
        whenNoChampion: 'pass',
        absolute: [{ metric: 'auc', min: 0.65 }],
        againstChampion: [{ metric: 'auc', test: 'superiority' }],
        ...gates,
      },
      approval: { signers: [{ name: 'ana' }] },
    },
  });
}

/** A store and the loop's own activities, with which a test writes what cycles of the past left behind. */
export async function createPastStory(spec: ModelSpec = specWith()) {
  const store = createMemoryStore();
  const ledger = createLedger({ store, signer: createMemorySigner(), owner: 'local/default' });
  const { judgeCycle } = createJudgeActivities({ store, ledger });
  const put = (document: unknown): Promise<Digest> => store.put(Buffer.from(canonicalJson(document), 'utf8'));
  const bundle = await put({ files: [] });
  const specDigest = await put(spec);
  const codeDigest = await put({ source: bundle, trainer: bundle });
  const append = (key: string, body: LedgerBody) => ledger.append({ model, key: `${key}/${body.kind}`, body, expects: {}, at: AT });
  return { store, append, start, run };

  /** Opens a cycle. @returns its number */
  async function start(trigger: string): Promise<number> {
    return (await append(trigger, { ...cycleStarted(trigger), specDigest, codeDigest })).seq;
  }

  /**
   * A whole cycle with this evaluation, judged by the real judge; promoted where that lets it.
   * @param refused the refit that was refused after it
   * @returns its number
   */
  async function run(trigger: string, evaluation: EvaluateOutput, refused?: AgreeOutput): Promise<number> {
    const cycle = await start(trigger);
    const evidence: Evidence = {
      kind: 'evidence',
      stage: 'evaluate',
      model,
      cycle,
      inputDigest: bundle,
      from: {},
      job: null,
      body: evaluation,
    };
    const evaluate = await put(evidence);
    const { evidenceDigest, face, next, compared, reasons } = await judgeCycle({ model, cycle, evidence: { evaluate } });
    await append(`${cycle}`, { kind: 'judged', cycle, verdictDigest: evidenceDigest, face, next, compared, reasons: [...reasons] });
    if (refused !== undefined) {
      const agree = await put({ ...evidence, stage: 'agree', body: refused });
      const documents = { evaluate, judge: evidenceDigest, agree };
      await append(`${cycle}`, cycleEnded(cycle, { outcome: 'rejected', stage: 'agree', evidence: documents }));
      return cycle;
    }
    if (next === 'proceed') await append(`${cycle}`, promoted(cycle, { version: await storedVersion(cycle) }));
    const ending =
      next === 'proceed' ? ({ outcome: 'promoted', stage: null } as const) : ({ outcome: 'rejected', stage: 'judge' } as const);
    await append(`${cycle}`, cycleEnded(cycle, { ...ending, evidence: { evaluate, judge: evidenceDigest } }));
    return cycle;
  }

  async function storedVersion(cycle: number): Promise<ModelVersion> {
    const { model: file, ...rest } = version(cycle);
    return { ...rest, candidateDigest: await put({ candidate: cycle }), model: { ...file, digest: await put({ model: cycle }) } };
  }
}
