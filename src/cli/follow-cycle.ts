import type { CycleHandle } from '../client/cycle-handle.js';
import { watchCycle } from '../client/watch-cycle.js';
import type { CycleState } from '../workflows/messages.js';
import type { Cli } from './cli.js';
import { createLiveBlock } from './render/live-block.js';
import { isWaitingForPeople, stageLine, stageTree } from './render/stage-tree.js';

export interface FollowOptions {
  readonly signal: AbortSignal;
  /** Draw the tree over itself; otherwise a line is told for each change. */
  readonly live: boolean;
}

/**
 * Shows a cycle while it runs, until it has ended or `until` says so.
 * @returns its last state: ended, or as it stood when the watching was interrupted; null where it was never seen
 */
export type Follow = (cycle: CycleHandle, until?: (state: CycleState) => boolean) => Promise<CycleState | null>;

/** Followed again, it goes on where it stopped telling. */
export function createFollow(cli: Cli, { signal, live }: FollowOptions): Follow {
  const tell = telling(cli);
  return async (cycle, until = () => false) => {
    const show = live ? drawing(cli) : tell;
    let last: CycleState | null = null;
    const onTrouble = (message: string): void => cli.tell(`  ${message}; still waiting`);
    for await (const state of watchCycle(cycle, { signal, onTrouble })) {
      last = state;
      show(state);
      if (until(state)) break;
    }
    return last;
  };
}

export function approveCommandFor(state: CycleState): string {
  return `ratchet approve ${state.model} --candidate ${state.candidateDigest} --as <name>`;
}

function drawing(cli: Cli): (state: CycleState) => void {
  const block = createLiveBlock(cli.terminal);
  return (state) => {
    // The last drawing is whole: nothing is drawn over it, and how it ended is there to be read.
    const columns = state.outcome === null ? cli.terminal.columns : 0;
    const lines = stageTree(state, { colour: cli.terminal.hasColours, columns, nowMs: Date.now() });
    // Not cut: it is there to be copied.
    if (isWaitingForPeople(state)) lines.push('', `sign with: ratchet approve ${state.model} --as <name>`);
    block.draw(lines);
  };
}

function telling(cli: Cli): (state: CycleState) => void {
  const told = new Map<string, string>();
  let askedFor = '';
  return (state) => {
    for (const stage of state.stages) {
      // A line when it begins and one when it ends; what it says in between is for screens.
      const step = `${stage.phase} ${stage.attempt}`;
      if (stage.phase === 'Waiting' || told.get(stage.stage) === step) continue;
      told.set(stage.stage, step);
      cli.tell(`  ${stageLine(stage)}`);
    }
    if (isWaitingForPeople(state) && askedFor !== state.candidateDigest) {
      askedFor = state.candidateDigest ?? '';
      cli.tell(`  waits for a person: ${approveCommandFor(state)}`);
    }
  };
}
