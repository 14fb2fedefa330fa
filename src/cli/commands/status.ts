import type { Command } from 'commander';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ModelHandle } from '../../client/model-handle.js';
import { summarizeCycles } from '../../client/cycle-summary.js';
import { withJobWords } from '../../client/watch-cycle.js';
import { readRecords, readSpec } from '../../client/ledger-view.js';
import type { CycleState, LifecycleState } from '../../workflows/messages.js';
import { INTERRUPTED, type Cli } from '../cli.js';
import { CommandError } from '../explain-error.js';
import { approveCommandFor, createFollow } from '../follow-cycle.js';
import { mustKnow } from '../known-model.js';
import { parseModelName } from '../options.js';
import { isWaitingForPeople, stageTree } from '../render/stage-tree.js';
import { facts } from '../render/table.js';
import { trafficSentence } from '../render/traffic-sentence.js';
import type { Session } from '../session.js';
import { withSession } from '../session.js';
import { showStackStatus } from '../stack-status.js';

export function addStatusCommand(program: Command, cli: Cli): void {
  program
    .command('status')
    .description('what runs here; with a model: its state and the stages of its open or last cycle')
    .argument('[model]', 'name of a model', parseModelName)
    .option('-w, --watch', 'follow the open cycle (or wait for the next one) to its end')
    .action(async (model: string | undefined, { watch }: { watch?: true }, command: Command) => {
      if (model === undefined) {
        if (watch) throw new CommandError('to watch, name a model', '`ratchet get` lists them');
        return showStackStatus(cli, command);
      }
      await withSession(cli, command, async (session) => {
        await mustKnow(session.store, model);
        const handle = session.model(model);
        await (watch ? watchModel(cli, command, handle) : showModel(cli, command, session, handle));
      });
    });
}

async function showModel(cli: Cli, command: Command, session: Session, handle: ModelHandle): Promise<void> {
  const lifecycle = await handle.state();
  const records = await readRecords(session.store, handle.model);
  const number = lifecycle?.openCycle ?? summarizeCycles(records).at(-1)?.cycle ?? null;
  const cycle = number === null ? null : await stateOrNull(handle, number);
  const views = await session.traffic(handle.model).views();
  const after = records.at(-1)!.after;
  const spec = after.specDigest === null ? null : await readSpec(session.store, after.specDigest);
  const traffic = trafficSentence(views, after, spec?.spec.serving);
  cli.print(command, { model: handle.model, lifecycle, cycle, traffic: views }, () => [
    ...lifecycleFacts(handle.model, lifecycle, traffic),
    '',
    ...cycleLines(cli, handle.model, number, cycle),
  ]);
}

/** The server forgets closed cycles after its retention time; the ledger does not. */
async function stateOrNull(handle: ModelHandle, cycle: number): Promise<CycleState | null> {
  const { status, jobWords } = await handle.cycle(cycle).look();
  return status === null ? null : withJobWords(await handle.cycle(cycle).state(), jobWords);
}

async function watchModel(cli: Cli, command: Command, handle: ModelHandle): Promise<void> {
  const { interrupted, isScreen } = cli.terminal;
  const live = isScreen && cli.format(command) === 'table';
  for (let told = false; !interrupted.aborted;) {
    const open = (await handle.state())?.openCycle ?? null;
    if (open !== null) {
      const state = await createFollow(cli, { signal: interrupted, live })(handle.cycle(open));
      cli.print(command, state, () => (live || !state ? [] : stageTree(state, { colour: false, columns: 0, nowMs: Date.now() })));
      if (!state?.outcome) cli.exitCode = INTERRUPTED;
      return;
    }
    if (!told) cli.tell(`${handle.model}: no cycle is open; waiting for the next one (Ctrl-C ends this)`);
    told = true;
    await sleep(1000, undefined, { signal: interrupted }).catch(() => undefined);
  }
  cli.exitCode = INTERRUPTED;
}

function lifecycleFacts(model: string, state: LifecycleState | null, traffic: string): string[] {
  if (state === null)
    return [`${model}: its lifecycle does not run; \`ratchet apply -f <model file>\` starts it`, ...facts([['traffic', traffic]])];
  return facts([
    ['model', model],
    ['champion', state.champion?.version],
    ['traffic', traffic],
    ['generation', state.generation],
    ['paused', state.paused ? 'yes' : 'no'],
    ['open cycle', state.openCycle],
    ['waiting triggers', state.queue.length],
    ...(state.trouble ? ([['trouble', state.trouble]] as const) : []),
  ]);
}

function cycleLines(cli: Cli, model: string, number: number | null, cycle: CycleState | null): string[] {
  if (number === null) return [`no cycle yet: ratchet trigger ${model}`];
  if (cycle === null) return [`cycle ${number} is no longer kept by the Temporal server: ratchet history ${model}`];
  const lines = stageTree(cycle, { colour: cli.terminal.hasColours, columns: 0, nowMs: Date.now() });
  return isWaitingForPeople(cycle) ? [...lines, '', `sign with: ${approveCommandFor(cycle)}`] : lines;
}
