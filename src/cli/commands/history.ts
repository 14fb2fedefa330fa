import type { Command } from 'commander';
import type { CycleSummary } from '../../client/cycle-summary.js';
import { summarizeCycles } from '../../client/cycle-summary.js';
import { readRecords } from '../../client/ledger-view.js';
import type { LedgerRecord } from '../../domain/ledger.js';
import type { Cli } from '../cli.js';
import { CommandError } from '../explain-error.js';
import { parseModelName } from '../options.js';
import { recordSentence } from '../render/record-sentence.js';
import { table } from '../render/table.js';
import { openStore } from '../session.js';

export function addHistoryCommand(program: Command, cli: Cli): void {
  program
    .command('history')
    .description('the cycles of a model and how they ended, from its ledger; needs no running stack')
    .argument('<model>', 'name of the model', parseModelName)
    .option('--records', 'every record of the ledger instead of a line per cycle')
    .action(async (model: string, { records: wantsRecords }: { records?: true }, command: Command) => {
      const store = openStore(cli, command);
      const records = await readRecords(store, model);
      if (records.length === 0) throw new CommandError(`there is no ledger of ${model} in ${store.uri}`, '`ratchet get` lists the models');
      if (wantsRecords) return cli.print(command, records, () => recordsTable(records));
      const cycles = summarizeCycles(records);
      cli.print(command, cycles, () => (cycles.length > 0 ? cyclesTable(cycles) : [`${model} has no cycle yet`]));
    });
}

export function cyclesTable(cycles: readonly CycleSummary[]): string[] {
  const head = ['CYCLE', 'AS OF', 'TRIGGER', 'OUTCOME', 'VERDICT', 'SIGNED BY', 'WHY'];
  return table(
    head,
    cycles.map(({ cycle, asOf, trigger, outcome, face, stage, signers, version, traffic, ...why }) => [
      cycle,
      asOf.slice(0, 10),
      trigger.kind + (trigger.commit === null ? '' : ` ${trigger.commit.slice(0, 8)}`) + (trigger.recipe === null ? '' : ' recalibrate'),
      (outcome ?? 'open') + (stage && outcome ? ` at ${stage}` : '') + trafficWords(traffic),
      face,
      signers.join(', '),
      outcome === 'promoted' && traffic !== 'turnedBack' ? version : shortened(why),
    ]),
  );
}

/** Only what is not over, or went back: that a version was withdrawn is told by how its cycle ended. */
function trafficWords(traffic: CycleSummary['traffic']): string {
  switch (traffic) {
    case 'exposed':
      return ', has traffic';
    case 'bakes':
      return ', bakes';
    case 'turnedBack':
      return ', turned back';
    case 'withdrawn':
    case 'baked':
    case null:
      return '';
  }
}

/** The first of several reasons; `-o json` has all. */
function shortened({ reason, reasons: [first = '', ...more] }: Pick<CycleSummary, 'reason' | 'reasons'>): string {
  const isJudges = first !== '' && (reason === '' || reason.startsWith(first));
  return isJudges ? first + (more.length > 0 ? ` (and ${more.length} more)` : '') : reason;
}

function recordsTable(records: readonly LedgerRecord[]): string[] {
  return table(
    ['SEQ', 'TIME', 'RECORD'],
    records.map((record) => [record.seq, record.at, recordSentence(record)]),
  );
}
