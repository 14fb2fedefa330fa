import type { Command } from 'commander';
import { awaitCycleOf } from '../client/watch-cycle.js';
import type { CycleOutcome } from '../domain/ledger.js';
import type { CycleState } from '../workflows/messages.js';
import type { Cli } from './cli.js';
import { CommandError } from './explain-error.js';
import { createFollow } from './follow-cycle.js';
import { stageTree } from './render/stage-tree.js';
import type { Session } from './session.js';

/** What a script may decide by. */
export const EXIT_CODE: Record<CycleOutcome, number> = { promoted: 0, rejected: 2, inconclusive: 3, failed: 1, aborted: 1, superseded: 1 };

/**
 * Waits for the cycle of a trigger to end, shows it meanwhile, prints how it ended and sets the exit code.
 * @param timeoutSeconds absent: for ever
 * @param commit told with the outcome; absent: the trigger named none
 * @throws {CommandError} interrupted or timed out: the cycle goes on without us
 */
export async function awaitOutcome(
  cli: Cli,
  command: Command,
  session: Session,
  model: string,
  key: string,
  timeoutSeconds?: number,
  commit?: string,
): Promise<void> {
  const signal = endOfWaiting(cli, timeoutSeconds);
  const handle = session.model(model);
  const tell = (message: string): void => cli.tell(`  ${message}`);
  const cycle = await awaitCycleOf(handle, key, { signal, onTrouble: tell, onWait: tell });
  if (cycle === null) throw gaveUpInQueue(model, whyWaitingEnded(cli, timeoutSeconds));
  const live = cli.terminal.isScreen && cli.format(command) === 'table';
  if (!live) cli.tell(`${model} cycle ${cycle}`);
  const state = await createFollow(cli, { signal, live })(handle.cycle(cycle));
  if (!state?.outcome) throw gaveUp(model, whyWaitingEnded(cli, timeoutSeconds));
  cli.exitCode = EXIT_CODE[state.outcome];
  cli.print(command, { ...outcomeDocument(state), ...(commit === undefined ? {} : { commit }) }, () =>
    live ? [] : stageTree(state, { colour: false, columns: 0, nowMs: Date.now() }),
  );
}

export function endOfWaiting({ terminal: { interrupted } }: Pick<Cli, 'terminal'>, timeoutSeconds?: number): AbortSignal {
  return timeoutSeconds === undefined ? interrupted : AbortSignal.any([interrupted, endAfter(timeoutSeconds * 1000)]);
}

/** A timer that is set to more fires at once: people may be waited for longer. */
const TIMER_MS_MAX = 2 ** 31 - 1;

function endAfter(waitMs: number): AbortSignal {
  const end = new AbortController();
  const wait = (leftMs: number): void => {
    const stepMs = Math.min(leftMs, TIMER_MS_MAX);
    setTimeout(() => (leftMs > stepMs ? wait(leftMs - stepMs) : end.abort()), stepMs).unref();
  };
  wait(waitMs);
  return end.signal;
}

function outcomeDocument({ model, cycle, asOf, outcome, reason, version, candidateDigest, verdict, failure, stages }: CycleState): object {
  return {
    model,
    cycle,
    asOf,
    outcome,
    reason,
    version,
    candidateDigest,
    verdict,
    failure,
    stages: stages.map(({ stage, phase, result, note }) => ({
      stage,
      phase,
      evidenceDigest: result?.evidenceDigest ?? null,
      note: result?.summary ?? note,
    })),
  };
}

/** @param timeoutSeconds that `endOfWaiting` was given */
export function whyWaitingEnded({ terminal }: Cli, timeoutSeconds: number | undefined): string {
  return terminal.interrupted.aborted || timeoutSeconds === undefined ? 'interrupted' : `it did not end within ${timeoutSeconds} s`;
}

function gaveUp(model: string, why: string): CommandError {
  return new CommandError(
    `stopped waiting: ${why}; the cycle goes on`,
    `look at it with \`ratchet status ${model}\`, or end it with \`ratchet abort ${model}\``,
  );
}

/** What is open now is another cycle, which is not ours to end. */
function gaveUpInQueue(model: string, why: string): CommandError {
  return new CommandError(
    `stopped waiting: ${why}; it has not begun, and the trigger stays in the queue`,
    `what it waits for: \`ratchet why ${model}\``,
  );
}
