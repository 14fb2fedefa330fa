import type { Command } from 'commander';
import { readRecords, readSpec } from '../../client/ledger-view.js';
import { nextScheduledAt } from '../../client/model-schedule.js';
import { nextMonitoredAt } from '../../client/monitor-schedule.js';
import { lastWindows } from '../../client/monitor-handle.js';
import { readUsage } from '../../domain/cycle-usage.js';
import { monthOf } from '../../domain/decide/cycle-pace.js';
import { explainTriggers } from '../../domain/decide/explain-triggers.js';
import type { LedgerRecord } from '../../domain/ledger.js';
import type { Cli } from '../cli.js';
import { unknownModel } from '../known-model.js';
import { parseModelName } from '../options.js';
import { oneLine } from '../render/visible.js';
import { withSession } from '../session.js';
import type { Session } from '../session.js';

/** People may have asked for windows of their own after the schedule's last one; with a budget, so many as a month has hours. */
const WINDOWS_LOOKED_AT = 10;
const WINDOWS_OF_MONTH = 744;

export function addWhyCommand(program: Command, cli: Cli): void {
  program
    .command('why')
    .description('why the last cycle did or did not start, and what the next one waits for, in sentences')
    .argument('<model>', 'name of the model', parseModelName)
    .action(async (model: string, _options: object, command: Command) => {
      await withSession(cli, command, async (session) => {
        const records = await readRecords(session.store, model);
        if (records.length === 0) throw unknownModel(model);
        const explanation = await explain(session, model, records);
        cli.print(command, { model, ...explanation }, () => explanation.sentences.map(oneLine));
      });
    });
}

async function explain({ client, store, model: handle }: Session, model: string, records: readonly LedgerRecord[]) {
  const nowMs = Date.now();
  const specDigest = records.at(-1)?.after.specDigest ?? null;
  const triggers = specDigest === null ? null : (await readSpec(store, specDigest)).spec.triggers;
  const ofMonth = records.filter(({ body, at }) => body.kind === 'cycle-started' && Date.parse(at) >= monthOf(nowMs).startMs);
  const usages = await Promise.all(ofMonth.map(({ seq }) => readUsage((key) => store.get(key), model, seq)));
  const windows = await lastWindows(store, model, triggers?.budget === undefined ? WINDOWS_LOOKED_AT : WINDOWS_OF_MONTH);
  return explainTriggers({
    records,
    usages: usages.filter((usage) => usage !== null),
    windows,
    triggers,
    lifecycle: await handle(model).state(),
    monitored: windows.find(({ scheduled }) => scheduled) ?? null,
    nextScheduledAt: await nextScheduledAt(client, model),
    nextMonitoredAt: await nextMonitoredAt(client, model),
    nowMs,
  });
}
