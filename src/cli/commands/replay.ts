import type { Command } from 'commander';
import type { AnalysesReplay } from '../../client/audit/replay-analyses.js';
import { replayAnalyses } from '../../client/audit/replay-analyses.js';
import type { CycleReplay } from '../../client/audit/replay-cycle.js';
import { replayCycle } from '../../client/audit/replay-cycle.js';
import type { Cli } from '../cli.js';
import { shortDigest } from '../../domain/digest.js';
import { mustKnow } from '../known-model.js';
import { lastCycle } from '../last-cycle.js';
import { parseModelName, parsePositiveInteger } from '../options.js';
import { table } from '../render/table.js';
import { openStore } from '../session.js';

export function addReplayCommand(program: Command, cli: Cli): void {
  program
    .command('replay')
    .description(
      'make the verdict of a past cycle, and every analysis of its rollout, again from what is stored and compare; needs no running stack; exit code 1 where it differs',
    )
    .argument('<model>', 'name of the model', parseModelName)
    .argument('[cycle]', 'number of the cycle (default: the last one)', parsePositiveInteger)
    .action(async (model: string, cycle: number | undefined, _options: object, command: Command) => {
      const store = openStore(cli, command);
      await mustKnow(store, model);
      const number = cycle ?? (await lastCycle(store, model));
      const replay = await replayCycle(store, model, number);
      const analyses = await replayAnalyses(store, model, number);
      cli.print(command, { ...replay, analyses }, () => [...replayLines(replay), ...analysesLines(analyses)]);
      if (replay.differences.length > 0 || analyses.difference !== null) cli.exitCode = 1;
    });
}

function replayLines({
  model,
  cycle,
  recorded,
  recomputed,
  agreement,
  differences,
  specDigest,
  evaluateDigest,
  verdictDigest,
}: CycleReplay): string[] {
  const same = differences.length === 0;
  const summary = same
    ? `${model} cycle ${cycle}: ${recorded.face}, then and now`
    : `${model} cycle ${cycle}: ${recorded.face} was recorded, ${recomputed.face} comes out now`;
  const rows = differences.map(({ field, recorded: then, recomputed: now }) => [field, JSON.stringify(then), JSON.stringify(now)]);
  return [
    summary,
    ...recomputed.gates.map(gateLine),
    ...(agreement === null ? [] : [`the refit against its judged sibling: ${agreement.face}`, ...agreement.gates.map(gateLine)]),
    ...(same ? [] : ['', ...table(['FIELD', 'RECORDED', 'RECOMPUTED'], rows)]),
    '',
    `from spec ${specDigest}`,
    `and evaluation ${evaluateDigest}`,
    `compared with verdict ${verdictDigest}`,
  ];
}

function gateLine({ face, gate, reason }: CycleReplay['recomputed']['gates'][number]): string {
  return `  ${face.padEnd(12)} ${gate}: ${reason}`;
}

/** Nothing where no decision rests on traffic. */
export function analysesLines({ decisions, watches, windows, difference, notes }: AnalysesReplay): string[] {
  if (decisions.length === 0) return [];
  const watched = `${watches} ${watches === 1 ? 'watch' : 'watches'} over ${windows} windows of traffic`;
  const said = decisions.map(({ seq, kind, phase }) => `  record ${seq} (${kind}): ${phase}`);
  if (difference === null) return ['', `${watched}: the same, then and now`, ...said, ...notes.map((note) => `  · ${note}`)];
  const { watch, step, field, recorded, recomputed } = difference;
  return [
    '',
    `${watched}: watch ${shortDigest(watch)} (${step}) comes out otherwise now`,
    ...said,
    '',
    ...table(['FIELD', 'RECORDED', 'RECOMPUTED'], [[field, JSON.stringify(recorded), JSON.stringify(recomputed)]]),
    ...notes.map((note) => `  · ${note}`),
  ];
}
