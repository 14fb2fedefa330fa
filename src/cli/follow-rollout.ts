import { setTimeout as sleep } from 'node:timers/promises';
import type { TrafficHandle } from '../client/traffic-handle.js';
import type { TrafficPlace } from '../client/traffic-place.js';
import { RatchetError } from '../domain/failure.js';
import type { RolloutView } from '../workflows/messages.js';
import type { Cli } from './cli.js';
import { createLiveBlock } from './render/live-block.js';
import { rolloutCard, rolloutLine } from './render/rollout-card.js';

const POLL_MS = 500;

/**
 * Shows a rollout or a bake until its workflow has ended, drawn over itself on a screen, else a line for each change.
 * @returns its last view; null where the watching was interrupted before anything was seen
 */
export async function followRollout(cli: Cli, traffic: TrafficHandle, place: TrafficPlace, isLive: boolean): Promise<RolloutView | null> {
  const { interrupted } = cli.terminal;
  const show = isLive ? drawing(cli) : telling(cli);
  let last: RolloutView | null = null;
  let trouble = '';
  while (!interrupted.aborted) {
    try {
      // First who is open, then the view: what has closed by then is seen as it ended.
      const isOpen = (await traffic.views()).some(({ kind, cycle }) => kind === place.kind && cycle === place.cycle);
      last = (await traffic.viewAt(place)) ?? last;
      if (last !== null) show(last);
      if (!isOpen) return last;
      trouble = '';
    } catch (error) {
      if (!isPassing(error)) throw error;
      if (error.message !== trouble) cli.tell(`  ${(trouble = error.message)}; still waiting`);
    }
    await sleep(POLL_MS, undefined, { signal: interrupted }).catch(() => undefined);
  }
  return last;
}

function drawing(cli: Cli): (view: RolloutView) => void {
  const block = createLiveBlock(cli.terminal);
  return (view) => block.draw(rolloutCard(view));
}

function telling(cli: Cli): (view: RolloutView) => void {
  let told = '';
  return (view) => {
    const line = rolloutLine(view);
    if (line !== told) cli.tell(`  ${line}`);
    told = line;
  };
}

/** A worker or server that restarts is waited for. */
function isPassing(error: unknown): error is RatchetError {
  return error instanceof RatchetError && (error.type === 'Unexpected' || error.class === 'transient');
}
