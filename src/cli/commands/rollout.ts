import type { Command } from 'commander';
import { readHead } from '../../client/ledger-view.js';
import { hasEnded } from '../../domain/decide/advance-rollout.js';
import type { CommandName } from '../../domain/rollout.js';
import type { RolloutView } from '../../workflows/messages.js';
import { INTERRUPTED, type Cli } from '../cli.js';
import { CommandError } from '../explain-error.js';
import { followRollout } from '../follow-rollout.js';
import { asOption, parseModelName, reasonOption } from '../options.js';
import { rolloutCard } from '../render/rollout-card.js';
import type { Session } from '../session.js';
import { withSession } from '../session.js';

interface RequestOptions {
  readonly as: string;
  readonly reason?: string;
  readonly full?: true;
}

/** What each does, for its help: in a rollout, and in the bake after the promotion. */
const REQUESTS: readonly (readonly [command: CommandName, description: string])[] = [
  ['pause', 'hold the step: nothing moves forward until `resume`; a failed analysis still turns back'],
  ['resume', 'go on after `pause`'],
  ['skip', 'end this step as if it had passed, or the bake'],
  ['promote', 'leave out all steps that are left and promote'],
  ['abort', 'give all traffic back to the version before'],
];

export function addRolloutCommand(program: Command, cli: Cli): void {
  const rollout = program.command('rollout').description('look at a rollout or the bake after it, and say how it goes on');
  addStatus(rollout, cli);
  for (const [command, description] of REQUESTS) addRequest(rollout, cli, command, description);
}

function addStatus(rollout: Command, cli: Cli): void {
  rollout
    .command('status')
    .description('its steps, the split, what the last analysis said and what a person can do; exit code 2 where it was turned back')
    .argument('<model>', 'name of the model', parseModelName)
    .option('-w, --watch', 'follow it to its end')
    .action(async (model: string, { watch }: { watch?: true }, command: Command) => {
      await withSession(cli, command, async (session) => {
        const traffic = session.traffic(model);
        const views = await traffic.views();
        const [first] = views;
        if (first === undefined) return showNothing(cli, command, session, model);
        if (!watch)
          return cli.print(command, first, () => views.flatMap((view, index) => (index > 0 ? [''] : []).concat(rolloutCard(view))));
        const isLive = cli.terminal.isScreen && cli.format(command) === 'table';
        const last = await followRollout(cli, traffic, first, isLive);
        const isInterrupted = cli.terminal.interrupted.aborted && (last === null || !hasEnded(last.state));
        if (isInterrupted) cli.exitCode = INTERRUPTED;
        if (last === null) return;
        cli.print(command, last, () => (isLive ? [] : rolloutCard(last)));
        if (last.state.phase === 'Promoted' && last.plan.bake !== null) cli.tell(`it bakes now: ratchet rollout status ${model} -w`);
        if (last.state.phase === 'TurnedBack') cli.exitCode = 2;
      });
    });
}

async function showNothing(cli: Cli, command: Command, session: Session, model: string): Promise<void> {
  const head = await readHead(session.store, model);
  const champion = head?.after.champion?.version;
  cli.print(command, null satisfies RolloutView | null, () => [
    `${model}: nothing is rolled out and no champion bakes; ${champion === undefined ? 'there is no champion yet' : `the champion is ${champion}`}`,
    `  how the last ones ended: ratchet history ${model} --records`,
  ]);
}

function addRequest(rollout: Command, cli: Cli, name: CommandName, description: string): void {
  const request = rollout
    .command(name)
    .description(description)
    .argument('<model>', 'name of the model', parseModelName)
    .addOption(asOption('who asks, for the record').makeOptionMandatory())
    .addOption(reasonOption());
  if (name === 'promote') request.option('--full', 'all of the traffic at once: said out loud, because no step is waited for');
  request.action(async (model: string, { as, reason, full }: RequestOptions, command: Command) => {
    if (name === 'promote' && !full) {
      throw new CommandError(
        'promote: expected --full, found nothing: the steps that are left would be left out',
        `to leave out one step, \`ratchet rollout skip ${model} --as ${as}\`; to leave out all, add --full`,
      );
    }
    await withSession(cli, command, async (session) => {
      const answer = await session.traffic(model).command({ command: name, requestedBy: as, reason: reason ?? '' });
      cli.print(command, { model, command: name, ...answer }, () => [
        `${model}: ${name} is taken up; the ${answer.kind} of cycle ${answer.cycle} is ${answer.phase}: ${answer.reason}`,
      ]);
    });
  });
}
