import type { Command } from 'commander';
import type { CycleReplay } from '../../client/audit/replay-cycle.js';
import { replayCycle } from '../../client/audit/replay-cycle.js';
import type { Cli } from '../cli.js';
import { lastCycle } from '../last-cycle.js';
import { parseModelName, parsePositiveInteger } from '../options.js';
import { table } from '../render/table.js';
import { openStore } from '../session.js';

export function addReplayCommand(program: Command, cli: Cli): void {
  program
    .command('replay')
    .description(
      'make the verdict of a past cycle again from its stored evidence and compare; needs no running stack; exit code 1 where it differs',
    )
    .argument('<model>', 'name of the model', parseModelName)
    .argument('[cycle]', 'number of the cycle (default: the last one)', parsePositiveInteger)
    .action(async (model: string, cycle: number | undefined, _options: object, command: Command) => {
      const number = cycle ?? (await lastCycle(cli, command, model));
      const replay = await replayCycle(openStore(cli, command), model, number);
      cli.print(command, replay, () => replayLines(replay));
      if (replay.differences.length > 0) cli.exitCode = 1;
    });
}

function replayLines({
  model,
  cycle,
  recorded,
  recomputed,
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
    ...recomputed.gates.map((gate) => `  ${gate.face.padEnd(12)} ${gate.gate}: ${gate.reason}`),
    ...(same ? [] : ['', ...table(['FIELD', 'RECORDED', 'RECOMPUTED'], rows)]),
    '',
    `from spec ${specDigest}`,
    `and evaluation ${evaluateDigest}`,
    `compared with verdict ${verdictDigest}`,
  ];
}
