import type { Command } from 'commander';
import type { Backtest } from '../../client/audit/backtest-policy.js';
import { backtestPolicy } from '../../client/audit/backtest-policy.js';
import { RatchetError } from '../../domain/failure.js';
import type { Cli } from '../cli.js';
import { loadModelFile } from '../load-model-file.js';
import { asOption, fileOption, userName } from '../options.js';
import { table } from '../render/table.js';
import { openStore, withSession } from '../session.js';

interface BacktestOptions {
  readonly file: string;
  readonly ifAny?: true;
  readonly as?: string;
}

export function addBacktestCommand(program: Command, cli: Cli): void {
  program
    .command('backtest')
    .description('judge all past cycles of a model by the policy of another model file: what would have changed')
    .addOption(fileOption('the model file with the new policy'))
    .option('--if-any', 'a model without past cycles is no error: there is nothing to judge again')
    .addOption(asOption())
    .action(async ({ file, ifAny, as }: BacktestOptions, command: Command) => {
      const spec = loadModelFile(file);
      const model = spec.metadata.name;
      const backtest = await backtestPolicy(openStore(cli, command), model, spec).catch((error: unknown) => {
        if (ifAny && error instanceof RatchetError && error.type === 'ModelUnknown') return null;
        throw error;
      });
      if (backtest === null)
        return cli.print(command, { model, cycles: [] }, () => [`${model}: there are no past cycles yet, so nothing to judge again`]);
      const { policyDigest, comparisons } = backtest;
      // Before anything is shown: trying policies until one promotes is looking often, so each look is paid for.
      if (comparisons > 0)
        await withSession(cli, command, (session) =>
          session.model(model).backtested({ policyDigest, comparisons, requestedBy: as ?? userName() }),
        );
      cli.print(command, backtest, () => backtestLines(backtest));
    });
}

function backtestLines({ cycles, skipped, comparisons, sentences }: Backtest): string[] {
  const rows = cycles.map(({ cycle, asOf, outcome, recorded, recomputed, changed, isAfterChange }) => [
    cycle,
    asOf.slice(0, 10),
    outcome ?? 'open',
    `${recorded.face}, ${recorded.next}`,
    `${recomputed.face}, ${recomputed.next}`,
    changed ? 'yes' : isAfterChange ? 'after a change' : 'no',
  ]);
  return [
    ...table(['CYCLE', 'AS OF', 'OUTCOME', 'VERDICT', 'NEW VERDICT', 'CHANGED'], rows),
    ...skipped.map(({ cycle, reason }) => `cycle ${cycle} is left out: ${reason}`),
    '',
    ...sentences,
    ...(comparisons > 0
      ? [
          `recorded in the ledger as ${comparisons} ${comparisons === 1 ? 'comparison' : 'comparisons'}: they share the budget of the next promotion`,
        ]
      : []),
  ];
}
