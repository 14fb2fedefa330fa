import { expect, test } from 'vitest';
import { candidateOf } from '../../src/activities/candidate-of.js';
import { loadCycle } from '../../src/activities/cycle-context.js';
import { getDocument, getEvidence, putDocument } from '../../src/activities/documents.js';
import { createJudgeActivities } from '../../src/activities/judge-activities.js';
import { createLedger } from '../../src/activities/ledger.js';
import { planJob } from '../../src/activities/plan-job.js';
import { createPromotionActivities } from '../../src/activities/promotion-activities.js';
import { Candidate, ModelVersion } from '../../src/domain/candidate.js';
import { digestOfBytes, type Digest } from '../../src/domain/digest.js';
import type { Evidence, Stage } from '../../src/domain/evidence.js';
import type { JobStage } from '../../src/domain/job.js';
import type { LedgerBody } from '../../src/domain/ledger.js';
import { createMemoryRegistry } from '../fakes/memory-registry.js';
import { createMemorySigner } from '../fakes/memory-signer.js';
import { createMemoryStore } from '../fakes/memory-store.js';
import { modelSpec, type SpecChange } from '../fakes/model-file.js';
import { stageOutput } from '../fakes/stage-outputs.js';
import { approved, AT, cycleStarted } from '../ledger/sample-bodies.js';

const model = 'flights';
type Body<K extends LedgerBody['kind']> = Extract<LedgerBody, { kind: K }>;
interface Change {
  readonly spec?: SpecChange;
  readonly judged?: Partial<Body<'judged'>>;
  /** The commit of the trigger; `signedBefore`: by who built candidates without it. */
  readonly commit?: string;
  readonly signedBefore?: true;
  readonly votes?: readonly Partial<Body<'approved'>['votes'][number]>[];
  /** Replaces the evidence that the promotion is asked with. */
  readonly evidence?: (evidence: Record<string, Digest>, stored: Stored) => Promise<Record<string, Digest>>;
}
type Stored = (stage: Stage, body: unknown) => Promise<Digest>;

/** Goes through a cycle up to its promotion, with the loop's own activities, and asks for that. */
async function promote(change: Change): Promise<{ candidate: Candidate; tags: Readonly<Record<string, string>> }> {
  const { spec = {}, judged = {}, votes = [{}], evidence: changed, commit } = change;
  const store = createMemoryStore();
  const ledger = createLedger({ store, signer: createMemorySigner(), owner: 'local/default' });
  const registry = createMemoryRegistry();
  const activities = {
    ...createJudgeActivities({ store, ledger }),
    ...createPromotionActivities({ store, ledger, registryOf: () => registry }),
  };
  const bundle = await putDocument(store, { files: [] });
  const specDigest = await putDocument(store, modelSpec(model, spec));
  const codeDigest = await putDocument(store, { source: bundle, trainer: bundle });
  const append = (key: string, body: LedgerBody) => ledger.append({ model, key: `${key}/${body.kind}`, body, expects: {}, at: AT });
  const started = cycleStarted('t');
  const trigger = { ...started.trigger, ...(commit === undefined ? {} : { commit }) };
  const cycle = (await append('t', { ...started, trigger, specDigest, codeDigest })).seq;
  const context = await loadCycle({ ledger, store }, model, cycle);
  const environment = { lockDigest: digestOfBytes('lock'), architecture: 'any', stepsDigest: digestOfBytes('steps') };
  let evidence: Record<string, Digest> = {};
  const stored: Stored = async (stage, body) => {
    const document = { kind: 'evidence', stage, model, cycle, inputDigest: bundle, from: {}, job: null, body } as Evidence;
    return putDocument(store, document);
  };
  const work = async (stage: JobStage): Promise<void> => {
    const ref = { model, cycle, evidence };
    const { spec: job } = await planJob({ store, ledger, environment }, context, ref, { stage, attempt: 1, memoryFactor: 1 });
    evidence = { ...evidence, [stage]: await stored(stage, await stageOutput(store, job)) };
  };
  for (const stage of ['snapshot', 'validate', 'train', 'evaluate'] as const) await work(stage);
  const verdict = await activities.judgeCycle({ model, cycle, evidence });
  const { evidenceDigest, face, next, compared } = verdict;
  evidence = { ...evidence, judge: evidenceDigest };
  await append(`${cycle}`, { kind: 'judged', cycle, verdictDigest: evidenceDigest, face, next, compared, reasons: [], ...judged });
  if (spec.refit === 'afterPass') for (const stage of ['refit', 'agree'] as const) await work(stage);
  const registered = await activities.registerCandidate({ model, cycle, evidence });
  const { candidateDigest, register } =
    change.signedBefore === true ? await asBefore(registered.evidenceDigest) : { ...registered, register: registered.evidenceDigest };
  const [vote] = approved(cycle).votes;
  await append(`${cycle}`, approved(cycle, { candidateDigest, votes: votes.map((change) => ({ ...vote!, ...change })) }));
  evidence = { ...evidence, register };
  const request = { model, cycle, evidence: (await changed?.(evidence, stored)) ?? evidence, candidateDigest };
  await activities.promoteCandidate({ ...request, becomesAnchor: true, reason: '', at: AT });
  expect((await ledger.readState(model))?.state.champion).toMatchObject({ cycle, candidateDigest });
  const candidate = await getDocument(store, Candidate, 'candidate', candidateDigest);
  return { candidate, tags: registry.versions.get(model)![0]!.tags };

  async function asBefore(register: Digest) {
    const { candidate } = await candidateOf(store, context, { model, cycle, evidence }, false);
    const digest = await putDocument(store, candidate);
    const { body } = await getEvidence(store, 'register', ModelVersion, register);
    return { candidateDigest: digest, register: await stored('register', { ...body, candidateDigest: digest }) };
  }
}

const quorum = { approval: { signers: [{ name: 'ana' }, { role: 'risk', members: ['cleo', 'dan'] }], quorum: 2 } };
test('the commit of the trigger stands in what people sign, and in the registry', async () => {
  const commit = 'a'.repeat(40);
  const { candidate, tags } = await promote({ commit });
  expect(candidate).toMatchObject({ commit });
  expect(tags).toMatchObject({ 'ratchet.commit': commit });
  expect((await promote({})).candidate).not.toHaveProperty('commit');
});

test('what was signed before candidates named their commit is promoted as it was signed', async () => {
  expect((await promote({ commit: 'a'.repeat(40), signedBefore: true })).candidate).not.toHaveProperty('commit');
});

const without = (stage: Stage) => async (evidence: Record<string, Digest>) =>
  Object.fromEntries(Object.entries(evidence).filter(([name]) => name !== stage));

test.for<[name: string, change: Change, refusal: RegExp | null]>([
  ['what a person signed is promoted', {}, null],
  ['what a quorum signed is promoted', { spec: quorum, votes: [{}, { signer: 'dan', role: 'risk' }] }, null],
  ['a refit that agrees is promoted', { spec: { refit: 'afterPass' } }, null],
  ['one of two votes is not enough, whatever the record says', { spec: quorum }, /votes that come to approved, found too few/],
  ['a person who votes twice is one', { spec: quorum, votes: [{}, {}] }, /votes that come to approved, found too few/],
  ['a person who may not sign is none', { votes: [{ signer: 'mallory' }] }, /votes that come to approved, found too few/],
  ['a rejection is no yes', { votes: [{ decision: 'reject' }] }, /votes that come to approved, found rejected/],
  [
    'a verdict that was not recorded does not count',
    { judged: { verdictDigest: digestOfBytes('other') } },
    /expected the recorded verdict/,
  ],
  ['a stage that is missing is another candidate', { evidence: without('validate') }, /expected evidence of stage validate, found none/],
  ['a refit is held against its sibling', { spec: { refit: 'afterPass' }, evidence: without('agree') }, /expected evidence of stage agree/],
  [
    'evidence of another stage is no evidence',
    { evidence: async (evidence) => ({ ...evidence, register: evidence.judge! }) },
    /register evidence .* expected register, found judge/,
  ],
  [
    'a changed document is another candidate',
    { evidence: async (evidence, stored) => ({ ...evidence, validate: await stored('validate', { checks: [] }) }) },
    /what was signed is not what is here/,
  ],
])('%s', async ([, change, refusal]) => {
  if (refusal === null) await promote(change);
  else await expect(promote(change)).rejects.toThrow(refusal);
});
