import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { LedgerAudit } from '../../client/audit/verify-ledger.js';
import { verifyLedger } from '../../client/audit/verify-ledger.js';
import { summarizeCycles } from '../../client/cycle-summary.js';
import { readRecords } from '../../client/ledger-view.js';
import type { Endpoints } from '../../config/endpoints.js';
import type { Home } from '../../config/home.js';
import { homeAt } from '../../config/home.js';
import { endLeftovers } from '../../workers/stack/end-leftovers.js';
import { readEndpoints } from '../../config/endpoints.js';
import { holderOf } from '../../workers/stack/home-lock.js';
import type { Cli } from '../cli.js';
import { ACTS } from '../demo/acts.js';
import { compressRollout } from '../demo/compress-rollout.js';
import type { ActResult, Stage } from '../demo/play-act.js';
import { playAct } from '../demo/play-act.js';
import { detachStack } from '../detach-stack.js';
import { CommandError } from '../explain-error.js';
import { loadModelFile } from '../load-model-file.js';
import { ownServersOnly } from '../own-servers.js';
import { withSessionAt } from '../session.js';
import { auditLines } from './audit.js';
import { stopStack } from './down.js';
import { cyclesTable } from './history.js';
import { stackFacts } from './up.js';

const modelFile = fileURLToPath(new URL('../../../examples/flight-lateness/model.yaml', import.meta.url));

export function addDemoCommand(program: Command, cli: Cli): void {
  program
    .command('demo')
    .description(
      'the whole loop on the flights of 2013, in a home of its own: a first model is signed and answers, one that fears missing weather and one that is slow under load are stopped, a better one earns its traffic, a spoiled one fails',
    )
    .option('--keep', 'leave the stack running to look around; `ratchet down` stops it')
    .action(async ({ keep }: { keep?: true }, command: Command) => {
      const isTable = cli.format(command) === 'table';
      const say = (line = ''): void => (isTable ? cli.terminal.out(line) : cli.terminal.err(line));
      const home = homeAt(join(cli.home(command).path, 'demo'));
      const demoCli: Cli = { ...cli, tell: say };
      const result = await runDemo({ cli: demoCli, home, keep: keep ?? false, say, onScreen: isTable });
      cli.print(command, result, () => []);
      if (!result.asItShould) cli.exitCode = 1;
    });
}

interface DemoResult {
  readonly acts: readonly ActResult[];
  readonly audit: LedgerAudit;
  readonly asItShould: boolean;
}

interface DemoRun {
  readonly cli: Cli;
  readonly home: Home;
  readonly keep: boolean;
  readonly say: (line?: string) => void;
  readonly onScreen: boolean;
}

async function runDemo({ cli, home, keep, say, onScreen }: DemoRun): Promise<DemoResult> {
  const startedMs = Date.now();
  cli.terminal.interruptWhenUnread();
  // Its own servers, whatever the environment names.
  const environment = ownServersOnly(cli.terminal.environment);
  environment['RATCHET_SERVE_EXAMPLE_FAULTS'] = '1'; // one act plants a fault that only shows under load
  await clear(home, say);
  say(`Starting Temporal, MLflow, Envoy and a worker in ${home.path}`);
  const endpoints = await detachStack(cli, home, environment);
  let isKept = false;
  try {
    for (const line of stackFacts(home, endpoints)) say(`  ${line}`);
    const result = await withSessionAt({ home, environment }, (session) =>
      play({ cli, session, say, onScreen, requestsUrl: endpoints.traffic?.url ?? null }),
    );
    isKept = keep;
    say(`All of it took ${((Date.now() - startedMs) / 1000).toFixed(0)} s.`);
    lookAround(home, endpoints, keep, say);
    return result;
  } finally {
    if (!isKept) {
      say('Stopping the stack …');
      await stopStack(home, say);
    }
  }
}

async function play({ session, say, ...run }: Pick<Stage, 'cli' | 'session' | 'say' | 'onScreen' | 'requestsUrl'>): Promise<DemoResult> {
  const serves = run.requestsUrl !== null;
  const spec = compressRollout(loadModelFile(modelFile), { serves });
  const acts: ActResult[] = [];
  // What is slow only under load is as good as any where there is no load.
  const played = serves ? ACTS : ACTS.filter(({ isUnderTraffic, outcome }) => !isUnderTraffic || outcome === 'promoted');
  if (!serves) say('Nothing is served here (no Envoy): the acts under traffic are left out.');
  for (const [index, act] of played.entries()) acts.push(await playAct({ ...run, session, say, spec, modelFile }, act, index + 1));

  const model = spec.metadata.name;
  say();
  say('── What was recorded ─────────────────────────────────────────────────────────');
  say(`$ ratchet history ${model}`);
  for (const line of cyclesTable(summarizeCycles(await readRecords(session.store, model)))) say(line);
  say();
  say('$ ratchet audit verify');
  const audit = await verifyLedger(session.store, model, { evidence: true });
  for (const line of auditLines(audit)) say(line);
  say();
  const asItShould = acts.every((act) => act.asItShould) && audit.problems.length === 0;
  say(
    asItShould
      ? `All ${acts.length} cycles ended as they should, no request was lost, and the ledger verifies.`
      : 'NOT everything ended as it should: see above.',
  );
  return { acts, audit, asItShould };
}

/** @throws {CommandError} a kept stack runs there */
async function clear(home: Home, say: (line?: string) => void): Promise<void> {
  const holder = holderOf(home);
  if (holder) {
    throw new CommandError(
      `the stack of an earlier demo still runs in ${home.path} (process ${holder.process.pid})`,
      `stop it with \`ratchet down --home ${home.path}\`, then run the demo again`,
    );
  }
  await endLeftovers(readEndpoints(home), say);
  rmSync(home.path, { recursive: true, force: true, maxRetries: 5 });
}

function lookAround(home: Home, { temporal, mlflow, traffic }: Endpoints, keep: boolean, say: (line?: string) => void): void {
  say();
  if (!keep) return say('To look around (Temporal UI, MLflow, the ledger), run it again with --keep: npm run demo -- --keep');
  say('The stack goes on running. Look at:');
  say(`  Temporal UI  ${temporal.uiUrl}   each cycle, its stages, who signed`);
  say(`  MLflow       ${mlflow.url}   runs, versions, the aliases champion and challenger`);
  if (traffic != null) say(`  requests     ${traffic.url}/v2/models/flight-lateness/infer   the champion answers`);
  say(`  ledger       ${home.storeFolder}/ledger/   what was decided, signed`);
  say(`  ratchet status flight-lateness --home ${home.path}`);
  say(`  ratchet history flight-lateness --records --home ${home.path}`);
  say(`  ratchet down --home ${home.path}   stops it`);
}
