import { expect, test } from 'vitest';
import {
  atRest,
  planIn,
  planRollout,
  stepsOf,
  type RolloutPlan,
  type RolloutState,
} from '../../../src/adapters/argo-rollouts/rollout-plan.js';
import { routeOf } from '../../contracts/traffic-router.js';

const at = (stable: string, canary = stable, canaryPercent = 0, isAborted = false): RolloutState => ({
  stable,
  canary,
  canaryPercent,
  isAborted,
});
const whole = (arm: 'champion' | 'challenger', instance: string) => routeOf('m', 1, [[arm, instance, 100]]);
const tenth = routeOf('m', 1, [
  ['challenger', 'm-2', 10],
  ['champion', 'm-1', 90],
]);
const plan = (workload: string, weightPercent: number, waits: boolean): RolloutPlan => ({ workload, weightPercent, waits });
const specOf = (workload: string, steps: object[]) => ({ workloadRef: { name: workload }, strategy: { canary: { steps } } });

test.for<[what: string, route: typeof tenth, state: RolloutState, expected: RolloutPlan]>([
  ['a first champion goes all the way', whole('champion', 'm-1'), atRest, plan('m-1', 100, false)],
  ['a first challenger, too: there is nobody to turn back to', whole('challenger', 'm-1'), atRest, plan('m-1', 100, false)],
  ['a challenger with a share waits there', tenth, at('m-1'), plan('m-2', 10, true)],
  ['one with all requests waits for the end of its bake', whole('challenger', 'm-2'), at('m-1', 'm-2', 10), plan('m-2', 100, true)],
  ['a champion after its bake goes on to the end', whole('champion', 'm-2'), at('m-1', 'm-2', 100), plan('m-2', 100, false)],
  ['turning back is going to the stable version', whole('champion', 'm-1'), at('m-1', 'm-2', 10), plan('m-1', 100, false)],
  ['somebody has promoted the challenger: the champion is the canary', tenth, at('m-2'), plan('m-1', 90, true)],
  ['a third version is stable: the champion is made so first', tenth, at('m-0'), plan('m-1', 100, false)],
  ['none is stable yet: the champion is made so first', tenth, atRest, plan('m-1', 100, false)],
])('%s', ([, route, state, expected]) => {
  expect(planRollout(route, state)).toEqual(expected);
});

test.for<[what: string, route: typeof tenth, found: RegExp]>([
  ['copies', routeOf('m', 1, [['champion', 'm-1', 100]], { mirror: { arm: 'challenger', instance: 'm-2' } }), /found copies to m-2$/],
  [
    'a third version',
    routeOf('m', 1, [
      ['champion', 'm-1', 80],
      ['baseline', 'm-1-fresh-2', 10],
      ['challenger', 'm-2', 10],
    ]),
    /found 3 versions$/,
  ],
  [
    'callers that stay with a version',
    routeOf('m', 1, [['champion', 'm-1', 100]], { settings: { stickyBy: 'x-user' } }),
    /no serving\.stickyBy/,
  ],
])('%s is refused by name', ([, route, found]) => {
  expect(() => planRollout(route, at('m-1'))).toThrow(found);
});

test.for<[what: string, plan: RolloutPlan, state: RolloutState, found: object | null, expected: object[]]>([
  ['a first share', plan('m-2', 10, true), at('m-1'), null, [{ setWeight: 10 }, { pause: {} }]],
  [
    'a greater share begins with the one in force',
    plan('m-2', 50, true),
    at('m-1', 'm-2', 10),
    specOf('m-2', [{ setWeight: 10 }, { pause: {} }]),
    [{ setWeight: 10 }, { setWeight: 50 }, { pause: {} }],
  ],
  [
    'the same again stays as it is, with the way that it has gone',
    plan('m-2', 50, true),
    at('m-1', 'm-2', 50),
    specOf('m-2', [{ setWeight: 10 }, { setWeight: 50 }, { pause: {} }]),
    [{ setWeight: 10 }, { setWeight: 50 }, { pause: {} }],
  ],
  [
    'what was aborted begins anew by other steps',
    plan('m-2', 10, true),
    at('m-1', 'm-2', 0, true),
    specOf('m-2', [{ setWeight: 10 }, { pause: {} }]),
    [{ setWeight: 0 }, { setWeight: 10 }, { pause: {} }],
  ],
  [
    'what was aborted twice, too',
    plan('m-2', 10, true),
    at('m-1', 'm-2', 0, true),
    specOf('m-2', [{ setWeight: 0 }, { setWeight: 10 }, { pause: {} }]),
    [{ setWeight: 10 }, { pause: {} }],
  ],
  ['the end has no pause', plan('m-2', 100, false), at('m-1', 'm-2', 100), null, [{ setWeight: 100 }]],
])('steps: %s', ([, wanted, state, found, expected]) => {
  const steps = stepsOf(wanted, state, found);
  expect(steps).toEqual(expected);
  expect(planIn(specOf(wanted.workload, steps))).toEqual(wanted);
});
