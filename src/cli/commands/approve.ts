import type { Command } from 'commander';
import type { CycleHandle } from '../../client/cycle-handle.js';
import { readCycle } from '../../client/audit/past-cycle.js';
import { readSpec } from '../../client/ledger-view.js';
import type { Vote } from '../../domain/approval.js';
import { approvalRefusal } from '../../domain/decide/count-approvals.js';
import type { ObjectStore } from '../../ports/object-store.js';
import type { CycleState, VoteReply } from '../../workflows/messages.js';
import { describeCandidate } from '../candidate-evidence.js';
import type { Cli } from '../cli.js';
import { CommandError } from '../explain-error.js';
import { openCycleOf } from '../open-cycle-of.js';
import { asOption, parseDigest, parseModelName, parseText } from '../options.js';
import type { Session } from '../session.js';
import { withSession } from '../session.js';

interface VoteOptions {
  readonly candidate?: string;
  readonly as: string;
  readonly comment?: string;
}
type Decision = 'approve' | 'reject';

export function addApproveCommand(program: Command, cli: Cli): void {
  addVoteCommand(program, cli, 'approve', 'sign the candidate that waits: this digest and nothing else may be promoted');
}

export function addRejectCommand(program: Command, cli: Cli): void {
  addVoteCommand(program, cli, 'reject', 'turn the candidate that waits down; one rejection ends the cycle');
}

function addVoteCommand(program: Command, cli: Cli, decision: Decision, description: string): void {
  program
    .command(decision)
    .description(description)
    .argument('<model>', 'name of the model', parseModelName)
    .option('--candidate <digest>', 'the candidate that was looked at (without it: it is shown and asked for)', parseDigest)
    .addOption(asOption('who signs: a name from spec.approval.signers').makeOptionMandatory())
    .option('--comment <text>', 'for the record', parseText)
    .action(async (model: string, options: VoteOptions, command: Command) => {
      await withSession(cli, command, async (session) => {
        const cycle = await openCycleOf(session, model);
        const candidateDigest = options.candidate ?? (await askForCandidate(cli, session, model, cycle, decision, options.as));
        const reply = await cycle.vote({ candidateDigest, signer: options.as, decision, comment: options.comment ?? '' });
        cli.print(command, { model, cycle: cycle.cycle, candidateDigest, decision, ...reply }, () => [
          sentence(model, cycle.cycle, decision, reply),
        ]);
      });
    });
}

/** @returns the digest that the person has seen and answered yes to. @throws {CommandError} nobody is there to answer, or no */
async function askForCandidate(
  cli: Cli,
  session: Session,
  model: string,
  cycle: CycleHandle,
  decision: Decision,
  signer: string,
): Promise<string> {
  const state = await cycle.state();
  if (state.candidateDigest === null)
    throw new CommandError(`cycle ${cycle.cycle} of ${model} has no candidate yet`, `look at it with \`ratchet status ${model}\``);
  await refuseInVain(session.store, model, state, { candidateDigest: state.candidateDigest, signer, decision, comment: '' });
  const { card } = await describeCandidate(session.store, state);
  for (const line of card) cli.tell(line);
  cli.tell('');
  const { ask } = cli.terminal;
  if (!ask) {
    throw new CommandError(
      `to ${decision} it, name the candidate that you have looked at`,
      `ratchet ${decision} ${model} --candidate ${state.candidateDigest} --as ${signer}`,
    );
  }
  const answer = await ask(`${decision} this candidate as ${signer}? [y/N] `);
  if (!/^y(es)?$/i.test(answer)) throw new CommandError(`nothing was signed`);
  return state.candidateDigest;
}

/**
 * A vote that cannot count is refused before anybody reads a card for it. The server has the last word, also on the time:
 * our clock may differ from its.
 * @throws {CommandError} the reason, with who may sign
 */
async function refuseInVain(store: ObjectStore, model: string, { cycle, approval }: CycleState, vote: Vote): Promise<void> {
  if (approval === null) return;
  const { started } = await readCycle(store, model, cycle);
  const { spec } = await readSpec(store, started.specDigest);
  const reason = approvalRefusal(spec.approval, approval, vote, approval.openedAt);
  if (reason !== null) throw new CommandError(reason, `\`ratchet status ${model}\` shows what it waits for`);
}

function sentence(model: string, cycle: number, decision: Decision, { outcome, approvals, quorum }: VoteReply): string {
  const where = `${model} cycle ${cycle}`;
  if (outcome === null) return `${where}: counted, ${approvals} of ${quorum} approvals`;
  return `${where}: ${decision === 'approve' ? `${approvals} of ${quorum} approvals, ` : ''}${outcome}`;
}
