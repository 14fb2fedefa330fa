import { CancellationScope, condition, setCurrentDetails, setHandler, sleep } from '@temporalio/workflow';
import type { RolloutBrief } from '../activities/rollout-brief.js';
import type { WatchResult } from '../activities/watch-activities.js';
import { advanceRollout, refuseCommand, type RolloutEvent } from '../domain/decide/advance-rollout.js';
import { readCommand } from '../domain/decide/read-command.js';
import { rolloutDetails } from '../domain/decide/rollout-details.js';
import type { Split } from '../domain/decide/traffic-splits.js';
import type { Digest } from '../domain/digest.js';
import type { RolloutCommand, RolloutPlan, RolloutState } from '../domain/rollout.js';
import { SHIFT_SECONDS_MAX } from './activity-proxies.js';
import { commandSignal, commandUpdate, rolloutStateQuery, type RolloutView } from './messages.js';
import { refuse } from './workflow-failure.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** How long a watch that was told to stop is waited for on the way forward; backward nobody waits. */
const LAST_WORDS_MS = 3000;

export type TrafficControl = ReturnType<typeof createTrafficControl>;

/** What a rollout and a bake have in common: their state, the people's commands, and what is seen of them. Decides nothing. */
export function createTrafficControl(kind: RolloutView['kind'], { model, cycle }: { model: string; cycle: number }, initial: RolloutState) {
  let plan: RolloutPlan = { steps: [], bake: null };
  /** So long a shift may take where this traffic is divided. */
  let shiftSecondsMax = SHIFT_SECONDS_MAX;
  /** The greatest number that was ever asked for. */
  let greatestShift = 0;
  /** What the watches know, and the document of the last one. */
  let analysis: WatchResult['state'] | null = null;
  let seen: { digest: Digest | null; at: string | null } = { digest: null, at: null };
  const view: Mutable<RolloutView> = {
    model,
    cycle,
    kind,
    version: '',
    champion: null,
    plan,
    state: initial,
    note: '',
    split: null,
    analysis: null,
    since: new Date().toISOString(),
  };
  setHandler(rolloutStateQuery, () => view);
  setHandler(
    commandUpdate,
    (payload) => {
      const command = readCommand(payload);
      if (typeof command === 'string') return refuse(command);
      const refusal = refusalOf(command); // once more: another one may have been obeyed since
      if (refusal !== null) return refuse(refusal);
      happened({ kind: 'commanded', ...command });
      return { phase: view.state.phase, reason: view.state.reason };
    },
    {
      validator: (payload) => {
        const command = readCommand(payload);
        if (typeof command === 'string') return refuse(command);
        const refusal = refusalOf(command);
        if (refusal !== null) refuse(refusal);
      },
    },
  );
  setHandler(commandSignal, (payload) => {
    const command = readCommand(payload);
    const refusal = typeof command === 'string' ? command : refusalOf(command);
    if (typeof command === 'string' || refusal !== null) return note(`a command was refused: ${refusal}`);
    happened({ kind: 'commanded', ...command });
  });
  return {
    state: () => view.state,
    plan: () => plan,
    shiftSecondsMax: () => shiftSecondsMax,
    analysis: () => analysis,
    seen: () => seen,
    /** The number of our last shift; 0: none. */
    shift: () => view.split?.shift ?? 0,
    /** How the requests are divided since our last shift; null: nothing was asked for yet. */
    split: () => view.split,
    /** The next number, after that of the router and every one of ours, in force or still on its way. */
    takeShift: (inForce: number): number => (greatestShift = Math.max(greatestShift, inForce) + 1),
    /** Where it is not known any more how the requests are divided. */
    forgetShift: () => void (view.split = null),
    briefed,
    resume: (known: WatchResult['state'] | null, digest: Digest | null) => void ([analysis, seen] = [known, { digest, at: null }]),
    happened,
    note,
    shifted,
    watched,
    unlessMoved,
  };

  function refusalOf(command: RolloutCommand): string | null {
    const isBack = command.command === 'abort' || command.command === 'rollback';
    if (kind === 'bake' && isBack && view.version !== '' && view.champion === null)
      return 'nobody answered before this version: there is nothing to turn back to';
    return refuseCommand(view.state, command);
  }

  function briefed(brief: RolloutBrief): void {
    plan = brief.plan;
    shiftSecondsMax = brief.shiftSecondsMax ?? shiftSecondsMax;
    Object.assign(view, { version: brief.version, champion: brief.champion, plan });
    show();
  }

  function happened(event: RolloutEvent): void {
    view.state = advanceRollout(plan, view.state, event);
    show();
  }

  function note(text: string): void {
    view.note = text;
    show();
  }

  function shifted(shift: number, split: Split): void {
    if (shift !== greatestShift) return; // another one was asked for meanwhile
    view.split = { shift, ...split };
    show();
  }

  /** Keeps what a watch knew at its end, however it ended. */
  function watched(result: WatchResult): void {
    analysis = result.state;
    seen = { digest: result.seen ?? seen.digest, at: result.seenAt };
    view.analysis = result.analysis;
    show();
  }

  /**
   * Runs something for as long as the state says so: a command in between cancels it and is not kept waiting.
   * @param lastWords waits a moment for the answer of what was cancelled, unless traffic is going back
   * @param isGoingBack whether it is
   * @returns what came of it; null: the state moved on
   */
  async function unlessMoved<T>(
    run: () => Promise<T>,
    hasMoved: () => boolean,
    lastWords = false,
    isGoingBack = (): boolean => view.state.phase === 'TurningBack',
  ): Promise<T | null> {
    const scope = new CancellationScope();
    let ended: { value: T } | { error: unknown } | null = null;
    void scope.run(run).then(
      (value) => (ended = { value }),
      (error: unknown) => (ended = { error }),
    );
    await condition(() => ended !== null || hasMoved());
    if (ended === null) {
      scope.cancel();
      if (lastWords && !isGoingBack()) {
        await Promise.race([condition(() => ended !== null || isGoingBack()), sleep(LAST_WORDS_MS)]);
        const words = ended as { value: T } | { error: unknown } | null;
        if (words !== null && 'value' in words) return words.value;
      }
      return null;
    }
    const outcome = ended as { value: T } | { error: unknown };
    if ('error' in outcome) throw outcome.error;
    return outcome.value;
  }

  function show(): void {
    setCurrentDetails(rolloutDetails(view));
  }
}
