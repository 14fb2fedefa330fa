import { dirname } from 'node:path';
import { applyModel } from '../../client/apply-model.js';
import { awaitCycleOf } from '../../client/watch-cycle.js';
import type { ModelSpec } from '../../domain/model-spec.js';
import type { CycleState } from '../../workflows/messages.js';
import { describeCandidate } from '../candidate-evidence.js';
import type { Cli } from '../cli.js';
import { appliedSentence } from '../commands/apply.js';
import { CommandError } from '../explain-error.js';
import { createFollow } from '../follow-cycle.js';
import { evaluationLines } from '../render/candidate-card.js';
import { isWaitingForPeople } from '../render/stage-tree.js';
import type { Session } from '../session.js';
import { readEvidence } from '../../client/audit/past-cycle.js';
import { readHead, readRecords } from '../../client/ledger-view.js';
import type { FeatureRow } from '../../domain/serving.js';
import { EvaluateOutput } from '../../domain/stage-jobs.js';
import { actFault } from './act-fault.js';
import type { Act } from './acts.js';
import { replayFlights, type ReplayedFlights } from './replay-flights.js';

export interface Stage {
  readonly cli: Cli;
  readonly session: Session;
  readonly spec: ModelSpec;
  readonly modelFile: string;
  readonly say: (line?: string) => void;
  /** Where models are asked; null: nothing is served here. */
  readonly requestsUrl: string | null;
  /** The account goes to the screen, not into a document. */
  readonly onScreen: boolean;
}

export interface ActResult {
  readonly title: string;
  readonly cycle: number;
  readonly asOf: string;
  readonly outcome: string;
  readonly reason: string;
  readonly version: string | null;
  readonly asItShould: boolean;
  /** What became of the requests while it earned traffic; null: there were none. */
  readonly requests: { readonly answered: number; readonly failed: number } | null;
}

/** Applies, triggers, signs where a person is asked, and says what it saw. @throws {CommandError} interrupted */
export async function playAct(stage: Stage, act: Act, number: number): Promise<ActResult> {
  const { cli, session, say } = stage;
  say();
  say(`── Act ${number}: ${act.title} ${'─'.repeat(Math.max(3, 70 - act.title.length))}`);
  for (const line of act.story) say(line);
  say();
  await put(stage, act);
  const model = session.model(stage.spec.metadata.name);
  const { key } = await model.trigger({ key: `demo/${number}`, kind: 'person', requestedBy: 'demo', reason: act.title, asOf: act.asOf });
  const signal = cli.terminal.interrupted;
  const cycle = await awaitCycleOf(model, key, { signal, onTrouble: say });
  if (cycle === null) throw interrupted();

  const handle = model.cycle(cycle);
  let hasEnded = false;
  const isAsked = act.isUnderTraffic && stage.requestsUrl !== null;
  const requests = isAsked ? askMeanwhile(stage, stage.spec.metadata.name, cycle, () => hasEnded) : Promise.resolve(null);
  const follow = createFollow(cli, { signal, live: cli.terminal.isScreen && stage.onScreen });
  let state = await follow(handle, isWaitingForPeople);
  let signed = false;
  if (state && isWaitingForPeople(state)) {
    await sign(stage, state);
    signed = true;
    state = await follow(handle);
  }
  hasEnded = true;
  if (!state?.outcome) throw interrupted();
  await tellNumbers(stage, state, signed);
  const asked = await requests;
  if (asked !== null) tellRequests(stage, asked);
  return judged(stage, act, state, signed, asked);
}

/** Asks about real flights from the moment that a challenger may earn traffic, until its rollout and its bake are over. */
async function askMeanwhile(
  { session, spec, requestsUrl }: Stage,
  model: string,
  cycle: number,
  ended: () => boolean,
): Promise<ReplayedFlights | null> {
  const handle = session.model(model).cycle(cycle);
  const isRolledOut = async (): Promise<boolean> =>
    (await handle.state().catch(() => null))?.stages.some(({ stage, phase }) => stage === 'rollout' && phase === 'Running') ?? false;
  while (!(await isRolledOut())) {
    if (ended()) return null;
    await pause();
  }
  const replay = replayFlights(`${requestsUrl}/v2/models/${model}/infer`, spec.spec.data.features, await flightsOf(session.store, model));
  while (!ended() || (await readHead(session.store, model))?.after.bake !== undefined) await pause();
  return replay.stop();
}

/** Real flights of the champion's holdout, those with missing weather among them. */
async function flightsOf(store: Session['store'], model: string): Promise<readonly FeatureRow[]> {
  const ended = (await readRecords(store, model)).findLast(({ body }) => body.kind === 'cycle-ended' && body.outcome === 'promoted')?.body;
  const digest = ended?.kind === 'cycle-ended' ? ended.evidence.evaluate : undefined;
  const evaluation = digest === undefined ? undefined : (await readEvidence(store, 'evaluate', EvaluateOutput, digest)).body;
  return evaluation?.served?.rows ?? [];
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 100));
}

function tellRequests({ say }: Stage, { answered, failed, byVersion, failures }: ReplayedFlights): void {
  say(`  ${answered} requests about real flights were answered meanwhile, ${failed} failed`);
  for (const [version, count] of byVersion) say(`    ${count} by ${version}`);
  for (const words of failures) say(`    failed: ${words}`);
  say();
}

async function put({ session, spec, modelFile, say }: Stage, { change }: Act): Promise<void> {
  const wanted = change ? change(spec) : spec;
  const { client, store } = session;
  const applied = await applyModel({
    client,
    store,
    model: session.model(spec.metadata.name),
    spec: wanted,
    folder: dirname(modelFile),
    requestedBy: 'demo',
  });
  if (applied.changed) say(appliedSentence(applied));
}

/** Signs as the first signer that the model file names. */
async function sign({ session, spec, say }: Stage, state: CycleState): Promise<void> {
  const first = spec.spec.approval.signers[0]!;
  const signer = 'name' in first ? first.name : first.members[0]!;
  say();
  say('The cycle waits for a person. This is what they see before they sign:');
  say();
  for (const line of (await describeCandidate(session.store, state)).card) say(line && `  ${line}`);
  say();
  say(`The demo signs as ${signer}; you would run:`);
  say(`  ratchet approve ${state.model} --candidate ${state.candidateDigest} --as ${signer}`);
  say();
  await session
    .model(state.model)
    .cycle(state.cycle)
    .vote({ candidateDigest: state.candidateDigest!, signer, decision: 'approve', comment: 'first model, looked at in the demo' });
}

/** The numbers that decided; for a signed candidate they were shown before. */
async function tellNumbers({ session, say }: Stage, state: CycleState, signed: boolean): Promise<void> {
  say();
  if (signed) return;
  const { verdict, evaluation } = await describeCandidate(session.store, state);
  for (const line of evaluationLines(verdict, evaluation)) say(line && `  ${line}`);
}

function judged(
  { say }: Stage,
  act: Act,
  { cycle, outcome, reason, version, verdict }: CycleState,
  signed: boolean,
  asked: ReplayedFlights | null,
): ActResult {
  const requests = asked && { answered: asked.answered, failed: asked.failed };
  const reasons = asked === null ? (verdict?.reasons ?? [reason]) : [reason];
  const fault = actFault(act, { outcome, reasons, signed, requests });
  say(outcome === 'promoted' ? `→ promoted: ${version}` : `→ ${outcome}`);
  if (outcome !== 'promoted') for (const line of reasons) say(`  · ${line}`);
  say(fault === null ? `  ${act.moral}` : `  This is not how this act should end: ${fault}.`);
  return {
    title: act.title,
    cycle,
    asOf: act.asOf,
    outcome: outcome ?? 'open',
    reason,
    version,
    asItShould: fault === null,
    requests,
  };
}

function interrupted(): CommandError {
  return new CommandError('the demo was interrupted');
}
