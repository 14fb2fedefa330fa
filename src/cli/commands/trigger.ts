import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { readHead, readSpec } from '../../client/ledger-view.js';
import { startOfDay } from '../../domain/decide/data-window.js';
import type { Trigger } from '../../domain/trigger.js';
import type { ObjectStore } from '../../ports/object-store.js';
import type { Cli } from '../cli.js';
import { cycleToRetry } from '../cycle-to-retry.js';
import {
  asOption,
  parseCommit,
  parseDuration,
  parseLine,
  parseModelName,
  parsePositiveInteger,
  parseTime,
  reasonOption,
  userName,
} from '../options.js';
import { withSession } from '../session.js';
import { awaitOutcome } from '../await-outcome.js';

interface TriggerOptions {
  readonly asOf?: string;
  readonly key?: string;
  readonly commit?: string;
  readonly recalibrate?: true;
  readonly reason?: string;
  readonly as?: string;
  readonly wait?: true;
  readonly timeout?: number;
}

export function addTriggerCommand(program: Command, cli: Cli): void {
  program
    .command('trigger')
    .description('ask for a cycle now')
    .argument('<model>', 'name of the model', parseModelName)
    .option('--wait', 'wait for its end; exit code 0 promoted, 2 rejected or failed gates, 3 inconclusive, 1 error')
    .option(
      '--as-of <time>',
      'end of the data window, a day or a time; a day begins in the time zone of the data (default: as late as labels are mature)',
      parseTime,
    )
    .option('--key <key>', 'the same key is the same wish, however often it is asked (default: a new one)', parseLine)
    .option(
      '--commit <sha>',
      'the commit that asks: in the record, the candidate and the registry; its default key and kind are those of CI',
      parseCommit,
    )
    .option('--recalibrate', 'train nothing: only fit the champion’s answers to labels that came since its training')
    .addOption(reasonOption())
    .option('--timeout <duration>', 'with --wait: wait no longer than this (2d, 6h, 30m)', parseDuration)
    .addOption(asOption())
    .action(async (model: string, options: TriggerOptions, command: Command) => {
      const trigger = triggerOf(options);
      await request(cli, command, model, trigger, options);
    });
}

export function addRetryCommand(program: Command, cli: Cli): void {
  program
    .command('retry')
    .description('go on from the stage that failed, in a new cycle that cites the finished stages')
    .argument('<model>', 'name of the model', parseModelName)
    .argument('[cycle]', 'number of the cycle that ended badly (default: the last one)', parsePositiveInteger)
    .option('--wait', 'wait for its end, with exit codes as `ratchet trigger --wait`')
    .addOption(reasonOption())
    .option('--timeout <duration>', 'with --wait: wait no longer than this (2d, 6h, 30m)', parseDuration)
    .addOption(asOption())
    .action(async (model: string, cycle: number | undefined, options: TriggerOptions, command: Command) => {
      const {
        cycle: retryOf,
        trigger: { recipe },
      } = await cycleToRetry(cli, command, model, cycle);
      const again = { ...triggerOf({ ...options, ...(recipe === null ? {} : { recalibrate: true }) }), retryOf };
      await request(cli, command, model, { ...again, key: `retry-${retryOf}-${randomUUID()}` }, options);
    });
}

function triggerOf({ asOf, key, commit, recalibrate, reason, as }: TriggerOptions): Trigger {
  return {
    key: key ?? (commit ? `commit-${commit}` : `person-${randomUUID()}`),
    kind: commit ? 'ci' : 'person',
    requestedBy: as ?? userName(),
    reason: reason ?? '',
    ...(asOf ? { asOf } : {}),
    ...(commit ? { commit } : {}),
    ...(recalibrate ? { recipe: 'recalibrate' as const } : {}),
  };
}

async function request(cli: Cli, command: Command, model: string, trigger: Trigger, { wait, timeout }: TriggerOptions): Promise<void> {
  await withSession(cli, command, async (session) => {
    const handle = session.model(model);
    const reply = await handle.trigger(await withTime(session.store, model, trigger));
    if (wait) return awaitOutcome(cli, command, session, model, reply.key, timeout, trigger.commit);
    cli.print(command, { model, ...reply }, () => [
      reply.duplicate
        ? `${model}: ${reply.key} was asked before`
        : `${model}: asked for a cycle (${reply.key}), ${reply.position} before it`,
    ]);
  });
}

/** `--as-of 2013-07-01` is the beginning of that day where the data's days begin. */
async function withTime(store: ObjectStore, model: string, trigger: Trigger): Promise<Trigger> {
  if (trigger.asOf === undefined || trigger.asOf.includes('T')) return trigger;
  const specDigest = (await readHead(store, model))?.after.specDigest;
  const timeZone = specDigest ? (await readSpec(store, specDigest)).spec.data.timeZone : 'UTC';
  return { ...trigger, asOf: startOfDay(trigger.asOf, timeZone) };
}
