import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  advanceRollout,
  hasEnded,
  initialBake,
  initialRollout,
  refuseCommand,
  type RolloutEvent,
} from '../../../src/domain/decide/advance-rollout.js';
import { COMMANDS } from '../../../src/domain/decide/read-command.js';
import type { CommandName, RolloutPhase, RolloutPlan, RolloutState } from '../../../src/domain/rollout.js';

const plan: RolloutPlan = {
  steps: [
    { kind: 'shadow', bakeSeconds: 60 },
    { kind: 'canary', weightPercent: 10, bakeSeconds: 60 },
    { kind: 'full', bakeSeconds: 60 },
  ],
  bake: { seconds: 3600, compare: 'holdback', holdbackPercent: 5 },
};
const ANALYSES = ['Successful', 'Failed', 'Inconclusive', 'Error'] as const;
const PHASES: RolloutPhase[] = ['Preparing', 'Progressing', 'Promoting', 'Baking', 'TurningBack', 'Promoted', 'Baked', 'TurnedBack'];

const saw = (phase: (typeof ANALYSES)[number]): RolloutEvent => ({ kind: 'watched', phase, reason: phase });
const asked = (command: CommandName): RolloutEvent => ({ kind: 'commanded', command, requestedBy: 'ana', reason: 'because' });
const prepared: RolloutEvent = { kind: 'prepared' };
const promoted: RolloutEvent = { kind: 'promoted' };
const back: RolloutEvent = { kind: 'trafficBack' };
const run = (events: RolloutEvent[], from: RolloutState = initialRollout): RolloutState =>
  events.reduce((state, event) => advanceRollout(plan, state, event), from);

describe('a rollout', () => {
  test.for<[name: string, events: RolloutEvent[], expected: Partial<RolloutState>]>([
    ['starts with its first step once its servers are proven', [prepared], { phase: 'Progressing', stepIndex: 0 }],
    ['goes on step by step', [prepared, saw('Successful')], { phase: 'Progressing', stepIndex: 1 }],
    ['is promoted after the last step', [prepared, saw('Successful'), saw('Successful'), saw('Successful')], { phase: 'Promoting' }],
    ['turns back where harm was found', [prepared, saw('Failed')], { phase: 'TurningBack', reason: 'Failed', requestedBy: 'ratchet' }],
    ['turns back where nothing could be decided in time', [prepared, saw('Inconclusive')], { phase: 'TurningBack' }],
    ['turns back where nothing could be measured', [prepared, saw('Error')], { phase: 'TurningBack' }],
    [
      'waits while paused, however well it goes',
      [prepared, asked('pause'), saw('Successful')],
      { phase: 'Progressing', stepIndex: 0, isStepDone: true },
    ],
    [
      'goes on with the resume',
      [prepared, asked('pause'), saw('Successful'), asked('resume')],
      { stepIndex: 1, paused: false, isStepDone: false },
    ],
    ['has time while it is paused', [prepared, asked('pause'), saw('Inconclusive')], { phase: 'Progressing', paused: true }],
    ['turns back also while it is paused', [prepared, asked('pause'), saw('Failed')], { phase: 'TurningBack', paused: false }],
    ['skips a step', [prepared, asked('skip')], { phase: 'Progressing', stepIndex: 1, requestedBy: 'ana' }],
    ['skips all of them', [prepared, asked('promote')], { phase: 'Promoting' }],
    ['skips nothing before its servers are proven', [asked('promote'), asked('skip')], { phase: 'Preparing' }],
    ['turns back on a word, before anything', [asked('abort')], { phase: 'TurningBack', requestedBy: 'ana' }],
    ['turns back where a server never gets ready', [{ kind: 'broken', reason: 'never ready' }], { phase: 'TurningBack' }],
    ['is turned back', [prepared, saw('Failed'), back], { phase: 'TurnedBack', reason: 'Failed' }],
    [
      'that turns back does nothing else',
      [prepared, saw('Failed'), saw('Successful'), asked('promote'), promoted, prepared],
      { phase: 'TurningBack' },
    ],
    [
      'keeps a word that came while it was being promoted',
      [prepared, asked('promote'), asked('rollback'), promoted],
      { phase: 'Promoted', turnsBackNext: true },
    ],
  ])('%s', ([, events, expected]) => {
    expect(run(events)).toMatchObject(expected);
  });
});

describe('a bake', () => {
  test.for<[name: string, events: RolloutEvent[], expected: Partial<RolloutState>]>([
    ['ends after its time, where no harm was found', [saw('Inconclusive')], { phase: 'Baked' }],
    ['turns back where harm was found', [saw('Failed')], { phase: 'TurningBack' }],
    ['goes on where it cannot be measured', [saw('Error')], { phase: 'Baking' }],
    ['goes on while it is paused', [asked('pause'), saw('Inconclusive')], { phase: 'Baking' }],
    ['ends on a word', [asked('skip')], { phase: 'Baked', requestedBy: 'ana' }],
    ['turns back on a word', [asked('rollback')], { phase: 'TurningBack', requestedBy: 'ana' }],
  ])('%s', ([, events, expected]) => {
    expect(run(events, initialBake(null, false))).toMatchObject(expected);
  });

  test('that was asked to turn back before it began turns back at once', () => {
    const word = { command: 'rollback', requestedBy: 'ana', reason: 'no' } as const;
    expect(initialBake(word, false)).toMatchObject({ phase: 'TurningBack', requestedBy: 'ana', reason: 'no' });
  });
});

describe('in every state', () => {
  const event: fc.Arbitrary<RolloutEvent> = fc.oneof(
    fc.constantFrom(prepared, promoted, back, { kind: 'broken', reason: 'broken' } as const),
    fc.constantFrom(...ANALYSES).map(saw),
    fc.constantFrom(...COMMANDS).map(asked),
  );
  const state: fc.Arbitrary<RolloutState> = fc.record({
    phase: fc.constantFrom(...PHASES),
    stepIndex: fc.integer({ min: 0, max: plan.steps.length - 1 }),
    paused: fc.boolean(),
    isStepDone: fc.boolean(),
    turnsBackNext: fc.boolean(),
    reason: fc.constant('so'),
    requestedBy: fc.constant('ratchet'),
  });

  test('an event has a defined outcome, and only good news or a person leads forward', () => {
    fc.assert(
      fc.property(state, event, (before, happened) => {
        const after = advanceRollout(plan, before, happened);
        expect(PHASES).toContain(after.phase);
        if (hasEnded(before)) expect(after).toEqual(before);
        if (before.phase === 'TurningBack') expect(['TurningBack', 'TurnedBack']).toContain(after.phase);
        const isForward =
          after.stepIndex > before.stepIndex || (after.phase !== before.phase && ['Promoting', 'Promoted', 'Baked'].includes(after.phase));
        if (!isForward) return;
        expect(['TurningBack', 'TurnedBack']).not.toContain(before.phase);
        const isGood =
          (happened.kind === 'watched' && happened.phase === 'Successful') ||
          (happened.kind === 'watched' && happened.phase === 'Inconclusive' && before.phase === 'Baking') ||
          (happened.kind === 'promoted' && before.phase === 'Promoting') ||
          (happened.kind === 'prepared' && before.phase === 'Preparing') ||
          (happened.kind === 'commanded' && ['skip', 'promote', 'resume'].includes(happened.command));
        expect(isGood).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });

  test('abort and rollback lead back, at once or as soon as the promotion is written', () => {
    fc.assert(
      fc.property(state, fc.constantFrom('abort' as const, 'rollback' as const), (before, command) => {
        if (hasEnded(before)) return;
        const after = advanceRollout(plan, before, asked(command));
        expect(after.phase === 'TurningBack' || (after.phase === 'Promoting' && after.turnsBackNext)).toBe(true);
        expect(refuseCommand(before, { command, requestedBy: 'ana', reason: '' })).toBeNull();
      }),
    );
  });

  test('a command that is not refused changes something, and a refused one nothing', () => {
    fc.assert(
      fc.property(state, fc.constantFrom(...COMMANDS), (before, command) => {
        const refusal = refuseCommand(before, { command, requestedBy: 'ana', reason: 'because' });
        const after = advanceRollout(plan, before, asked(command));
        if (before.phase === 'TurningBack' && refusal === null) return; // asked again for what is under way
        expect(after.requestedBy === 'ana').toBe(refusal === null);
      }),
    );
  });

  test('the analysis may fail at any time of a step or a bake, and it turns back', () => {
    fc.assert(
      fc.property(state, (before) => {
        if (before.phase !== 'Progressing' && before.phase !== 'Baking') return;
        expect(advanceRollout(plan, before, saw('Failed')).phase).toBe('TurningBack');
      }),
    );
  });
});
