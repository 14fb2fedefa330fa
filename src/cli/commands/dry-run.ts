import { dirname } from 'node:path';
import type { Command } from 'commander';
import { applyModel } from '../../client/apply-model.js';
import { awaitCycleOf } from '../../client/watch-cycle.js';
import { startOfDay } from '../../domain/decide/data-window.js';
import { drySpec } from '../../domain/decide/dry-spec.js';
import type { CycleState } from '../../workflows/messages.js';
import { endOfWaiting, EXIT_CODE, whyWaitingEnded } from '../await-outcome.js';
import type { Cli } from '../cli.js';
import { detachStack } from '../detach-stack.js';
import { makeDryRunHome, removeAbandonedDryRuns, removeDryRunHome } from '../dry-run-homes.js';
import { CommandError } from '../explain-error.js';
import { createFollow } from '../follow-cycle.js';
import { loadModelFile } from '../load-model-file.js';
import { fileOption, parseDuration, parsePositiveInteger, parseTime } from '../options.js';
import { ownServersOnly } from '../own-servers.js';
import { stageTree } from '../render/stage-tree.js';
import { withSessionAt } from '../session.js';

interface DryRunOptions {
  readonly file: string;
  readonly days: number;
  readonly asOf?: string;
  readonly timeout?: number;
}

const DAYS = 60;
const KEY = 'dry-run';

export function addDryRunCommand(program: Command, cli: Cli): void {
  program
    .command('dry-run')
    .description(
      'run a cycle of a model file up to its verdict, over few days, in a stack of its own that is removed afterwards: no ledger, registry or schedule of yours is touched; exit code 0 it could go on, 2 rejected or failed gates, 3 inconclusive, 1 error',
    )
    .addOption(fileOption())
    .option('--days <days>', 'days of data, the holdout among them', parsePositiveInteger, DAYS)
    .option(
      '--as-of <time>',
      'end of the data window, a day or a time; a day begins in the time zone of the data (default: as late as labels are mature)',
      parseTime,
    )
    .option('--timeout <duration>', 'give up after this (2d, 6h, 30m)', parseDuration)
    .action(async (options: DryRunOptions, command: Command) => {
      const state = await rehearse(cli, options);
      cli.exitCode = exitCodeOf(state);
      const { model, outcome, reason, verdict, failure, stages } = state;
      const document = {
        model,
        days: options.days,
        verdict,
        outcome,
        reason,
        failure,
        stages: stages.map(({ stage, phase, result, note }) => ({ stage, phase, note: result?.summary ?? note })),
      };
      const passed = cli.exitCode === 0 ? ['the dry run went through: a real cycle could ask for promotion'] : [];
      cli.print(command, document, () => [...stageTree(state, { colour: false, columns: 0, nowMs: Date.now() }), ...passed]);
    });
}

/** @throws {CommandError} interrupted or timed out; the stack does not start. Nothing is left: where it is killed, by the next one. */
async function rehearse(cli: Cli, { file, days, asOf, timeout }: DryRunOptions): Promise<CycleState> {
  const spec = drySpec(loadModelFile(file), days);
  if (spec.spec.trainer.cluster?.kind === 'sagemaker')
    throw new CommandError(
      'spec.trainer.cluster: expected kind: local, for a dry run has a store of its own that SageMaker does not reach, found sagemaker',
      'try its trainer with kind: local',
    );
  const model = spec.metadata.name;
  const environment = ownServersOnly(cli.terminal.environment);
  await removeAbandonedDryRuns(cli.tell);
  const home = makeDryRunHome();
  const signal = endOfWaiting(cli, timeout);
  try {
    cli.tell(`dry run of ${model} over ${days} days, in ${home.path}`);
    await detachStack(cli, home, environment, ['--no-serving']);
    const state = await withSessionAt({ home, environment }, async ({ client, store, model: open }) => {
      const handle = open(model);
      await applyModel({ client, store, model: handle, spec, folder: dirname(file), requestedBy: KEY });
      const end = asOf === undefined || asOf.includes('T') ? asOf : startOfDay(asOf, spec.spec.data.timeZone);
      await handle.trigger({ key: KEY, kind: 'person', requestedBy: KEY, reason: '', ...(end === undefined ? {} : { asOf: end }) });
      const cycle = await awaitCycleOf(handle, KEY, { signal, onTrouble: (message) => cli.tell(`  ${message}`) });
      return cycle === null ? null : createFollow(cli, { signal, live: false })(handle.cycle(cycle), isJudged);
    });
    if (state !== null && (isJudged(state) || state.outcome !== null)) return state;
    throw new CommandError(`the dry run came to no verdict: ${whyWaitingEnded(cli, timeout)}`, 'fewer --days make it faster');
  } finally {
    await removeDryRunHome(home, cli.tell);
  }
}

function isJudged({ verdict }: CycleState): boolean {
  return verdict !== null;
}

/** As of `ratchet trigger --wait`, with "could go on" in place of "promoted". */
function exitCodeOf({ verdict, outcome }: CycleState): number {
  if (verdict === null) return outcome === null ? 1 : EXIT_CODE[outcome];
  if (verdict.next !== 'stop') return 0;
  return verdict.face === 'fail' ? 2 : 3;
}
