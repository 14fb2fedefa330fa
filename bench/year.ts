import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { ensurePythonEnv } from '../scripts/python-env.mjs';
import { createLocalObjectStore } from '../src/adapters/local/object-store.js';
import { createLocalSigner } from '../src/adapters/local/signer.js';
import { startBenchServer } from './loop/bench-server.js';
import { machineInWords } from './measure.js';
import type { ModelSpec } from '../src/domain/model-spec.js';
import { retrainBlindly, serveBlindly, type Retrained } from './year/blind-year.js';
import { bestOf, differenceOf, inWords, ruleSpoiled, ruleUnspoiled, type Books } from './year/books.js';
import { monthsWorse, monthTable, spentInWords } from './year/tables.js';
import { PLANTED, SERVED, type Fault } from './year/calendar.js';
import { createLoopYear, type LoopYearResult } from './year/loop-year.js';
import { startWarmSteps, type Spent, type WarmSteps } from './year/warm-steps.js';
import { layModelFolder } from './year/watched-model.js';
import { startYearStack, type ModelInYear, type YearStack } from './year/year-stack.js';

const ONCE = 'trained once';
const DAYS_90 = 'blind, 90 days';
const ALL_DATA = 'blind, all data';
const LOOP = 'the loop';
const OTHERS = [ONCE, DAYS_90, ALL_DATA];
const BLIND = [DAYS_90, ALL_DATA];

const PARTS = `The product's own: the Python steps, model servers that answer flights over HTTP and log them, labels add, the prediction log's files, the workflows retrainCycle and monitorModel on Temporal with
their activities, judge, alpha budget, anchor, refit, monitoring's decisions, nextTrigger with what the ledger holds back, the signed ledger, and
the settings of examples/flight-lateness/watched.yaml. Driven by the bench: the calendar (the ledger's times, too), who signs (the first
champion is signed, else nobody), the time that a server writes into its log, registry and notices in memory. One server at a time answers, flights
of an hour in one request; there is no proxy, and no rollout divides traffic.`;

/**
 * All of 2013 from April on, week by week: flights are answered and logged, labels come after landing, monitoring looks, cycles start where it
 * asks for them. Beside it three policies without judgement, each from the same first model. Then once more with bad retrains planted.
 */
export async function run(): Promise<void> {
  const startedMs = performance.now();
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  console.log(`${machineInWords()}\n${PARTS}\n`);
  const server = await startBenchServer();
  const folder = await mkdtemp(join(tmpdir(), 'ratchet-year-'));
  const stops: (() => Promise<unknown>)[] = [() => server.stop(), () => rm(folder, { recursive: true, force: true })];
  let stopping: Promise<void> | undefined;
  const stopAll = (): Promise<void> => (stopping ??= stopInTurn(stops));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stopAll().finally(() => process.exit(130)));
  try {
    const { python } = await ensurePythonEnv({ log: console.log });
    const modelFolder = join(folder, 'model');
    const honest = await layModelFolder(modelFolder);
    const storeFolder = join(folder, 'store');
    const store = createLocalObjectStore(storeFolder);
    const models = new Map<string, ModelInYear>();
    const newWorld = async (name: string, faults: Readonly<Record<string, Fault>>): Promise<World> => {
      const steps = await startWarmSteps({ python, modelFolder, store: storeFolder });
      stops.unshift(() => steps.stop());
      const loop = createLoopYear({ name, policy: LOOP, steps, folder: modelFolder, honest, faults });
      models.set(name, loop.model);
      return { name, steps, loop };
    };
    const unspoiled = await newWorld('flights-as-they-were', {});
    const spoiled = await newWorld('flights-with-bad-retrains', PLANTED);
    const stack = await startYearStack({ address: server.address, store, signer: await createLocalSigner(folder) }, (name) =>
      models.get(name)!,
    );
    stops.unshift(() => stack.stop());
    // Blind retraining depends on nothing of the loop: a third process does it meanwhile.
    const cron = await startWarmSteps({ python, modelFolder, store: storeFolder });
    stops.unshift(() => cron.stop());
    const blindly = trainBlind(cron, honest);
    const lived = await Promise.all([
      liveThrough(
        unspoiled,
        stack,
        blindly.then(({ honest: retrained }) => retrained),
      ),
      liveThrough(
        spoiled,
        stack,
        blindly.then(({ honest: retrained, bad }) => withBad(retrained, bad)),
      ),
    ]);
    const blind = await blindly;
    const holds = [tellUnspoiled(lived[0], blind.spent), tellSpoiled(lived[1], blind.spent)];
    console.log(`\n${((performance.now() - startedMs) / 60_000).toFixed(1)} minutes`);
    if (holds.includes(false)) process.exitCode = 1;
    console.log(holds.includes(false) ? 'year: MISSED (see above)' : 'year: both hold');
  } finally {
    await stopAll();
  }
}

async function stopInTurn(stops: readonly (() => Promise<unknown>)[]): Promise<void> {
  for (const stop of stops) await stop();
}

interface World {
  readonly name: string;
  readonly steps: WarmSteps;
  readonly loop: ReturnType<typeof createLoopYear>;
}

interface Lived {
  readonly books: Books;
  readonly loop: LoopYearResult;
  readonly spent: Spent;
}

type ByPolicy<T> = Readonly<Record<typeof DAYS_90 | typeof ALL_DATA, T>>;

/** Every blind retraining of the year, and those that the planted faults spoil. */
async function trainBlind(
  steps: WarmSteps,
  honest: ModelSpec,
): Promise<{ honest: ByPolicy<Retrained>; bad: ByPolicy<Retrained>; spent: ByPolicy<Spent> }> {
  const spent = { [DAYS_90]: {}, [ALL_DATA]: {} };
  const last90 = await retrainBlindly(steps, honest, 90, null, spent[DAYS_90]);
  const all = await retrainBlindly(steps, honest, null, null, spent[ALL_DATA]);
  const bad90 = await retrainBlindly(steps, honest, 90, PLANTED, {});
  const badAll = await retrainBlindly(steps, honest, null, PLANTED, {});
  return { honest: { [DAYS_90]: last90, [ALL_DATA]: all }, bad: { [DAYS_90]: bad90, [ALL_DATA]: badAll }, spent };
}

function withBad(honest: ByPolicy<Retrained>, bad: ByPolicy<Retrained>): ByPolicy<Retrained> {
  const mix = (policy: keyof ByPolicy<Retrained>): Retrained => new Map([...honest[policy], ...bad[policy]]);
  return { [DAYS_90]: mix(DAYS_90), [ALL_DATA]: mix(ALL_DATA) };
}

async function liveThrough({ steps, loop }: World, stack: YearStack, retrained: Promise<ByPolicy<Retrained>>): Promise<Lived> {
  const first = await loop.begin(stack);
  const told = await loop.live();
  await steps.serve({ policy: ONCE, model: first, ...SERVED });
  for (const policy of [DAYS_90, ALL_DATA] as const) await serveBlindly(steps, policy, first, (await retrained)[policy]);
  return { books: await steps.books(), loop: told, spent: loop.spent };
}

function tellUnspoiled(lived: Lived, blind: ByPolicy<Spent>): boolean {
  console.log('\n2013 as it was');
  tell(lived, blind);
  const { holds, sentence } = ruleUnspoiled(lived.books, LOOP, OTHERS);
  console.log(`${holds ? 'holds' : 'MISSED'}: ${sentence}`);
  return holds;
}

function tellSpoiled(lived: Lived, blind: ByPolicy<Spent>): boolean {
  const planted = Object.entries(PLANTED).map(([month, fault]) => `${month} ${fault}`);
  console.log(`\n2013 with bad retrains (${planted.join(', ')})`);
  tell(lived, blind);
  const { holds, sentence } = ruleSpoiled(lived.books, LOOP, BLIND);
  console.log(`${holds ? 'holds' : 'MISSED'}: ${sentence}`);
  return holds;
}

/** All figures, also where the loop loses. */
function tell({ books, loop, spent }: Lived, blind: ByPolicy<Spent>): void {
  for (const line of monthTable(books, [ONCE, DAYS_90, ALL_DATA, LOOP])) console.log(line);
  for (const other of OTHERS) console.log(`${LOOP}: ${inWords(differenceOf(books, LOOP, other))}`);
  const worse = monthsWorse(books, LOOP, bestOf(books, OTHERS));
  console.log(`months in which it loses to "${bestOf(books, OTHERS)}": ${worse.length === 0 ? 'none' : worse.join(', ')}`);
  const promoted = loop.cycles.filter(({ outcome }) => outcome === 'promoted').length;
  console.log(`cycles: ${ONCE} 0; ${DAYS_90} 8; ${ALL_DATA} 8; ${LOOP} ${loop.cycles.length}, of which ${promoted} were promoted`);
  console.log(
    `CPU seconds: ${DAYS_90} ${spentInWords(blind[DAYS_90])}; ${ALL_DATA} ${spentInWords(blind[ALL_DATA])}; ${LOOP} ${spentInWords(spent)}`,
  );
  console.log(`model servers of ${LOOP}: ${loop.flights.asked} flights, of which ${loop.flights.refused} got no answer`);
  const found = Object.entries(loop.found).map(([kind, windows]) => `${kind} ${windows}`);
  console.log(`monitoring: ${loop.windows} windows; found ${found.join(', ') || 'nothing'}; ${loop.notices} notices`);
}
