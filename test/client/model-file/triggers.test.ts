import { test } from 'vitest';
import { expectProblems, type Mistake } from './expect-problems.js';

const SCHEDULES = '    schedules:\n';
const with_ = (lines: string): string => `${lines}\n${SCHEDULES}`;

/** Policies that could never start anything, or never hold anything back; the first line of each is line 58. */
const mistakes: Mistake[] = [
  [
    'schedules in two time zones',
    SCHEDULES,
    `${SCHEDULES}      - { cron: "0 6 * * 1", timeZone: Europe/Zurich }\n`,
    '60:40: error: spec.triggers.schedules[1].timeZone: expected one time zone for all schedules of a model, Europe/Zurich as in the first, found "America/New_York". Write its times in that zone',
  ],
  [
    'quiet hours that cover the whole day',
    SCHEDULES,
    with_('    quietHours: [{ from: "08:00", to: "20:00" }, { from: "20:00", to: "08:00" }]'),
    '58:17: error: spec.triggers.quietHours: expected some time in which a cycle may start, found hours that cover every day. Shorten them, or name the days on which they begin; `ratchet pause` stops all cycles',
  ],
  [
    'quiet hours of a kind that leave it no time beside the common ones',
    SCHEDULES,
    with_('    quietHours: [{ from: "22:00", to: "06:00" }]\n    policies: { drift: { quietHours: [{ from: "05:00", to: "22:30" }] } }'),
    '59:38: error: spec.triggers.policies.drift.quietHours: expected some time in which a cycle may start, found hours that, with spec.triggers.quietHours, cover every day. Shorten them, or name the days on which they begin; `ratchet pause` stops all cycles',
  ],
  [
    'quiet hours in no zone',
    SCHEDULES,
    with_('    quietHours: [{ from: "22:00", to: "06:00", timeZone: Berlin }]'),
    '58:58: error: spec.triggers.quietHours[0].timeZone: expected an IANA time zone, like America/New_York, found "Berlin". Did you mean Europe/Berlin?',
  ],
  [
    'a time of day that is none',
    SCHEDULES,
    with_('    quietHours: [{ from: "25:00", to: "06:00" }]'),
    '58:26: error: spec.triggers.quietHours[0].from: expected a time of day like "22:00", found "25:00". When they begin, like "22:00".',
  ],
  [
    'a budget of nothing',
    SCHEDULES,
    with_('    budget: { cpuHoursPerMonthMax: 0 }'),
    '58:36: error: spec.triggers.budget.cpuHoursPerMonthMax: expected a number, more than 0, found 0. Core hours of all cycles, and of monitoring, in a calendar month, UTC.',
  ],
  [
    'a budget without a limit',
    SCHEDULES,
    with_('    budget: { prices: { currency: EUR, cpuHour: 0.1 } }'),
    '58:13: error: spec.triggers.budget: expected one of cpuHoursPerMonthMax, gpuHoursPerMonthMax, costPerMonthMax, found only prices. Name a limit, or remove the budget',
  ],
  [
    'money without prices',
    SCHEDULES,
    with_('    budget: { costPerMonthMax: 100 }'),
    '58:13: error: spec.triggers.budget: expected prices above 0 beside costPerMonthMax, found {"costPerMonthMax":100}. What all cycles may use in a month before machines must wait for the next one.',
  ],
  [
    'a cap of a kind above that of all',
    SCHEDULES,
    with_('    cyclesPerDayMax: 2\n    policies: { webhook: { cyclesPerDayMax: 3 } }'),
    '59:45: warning: spec.triggers.policies.webhook.cyclesPerDayMax: 3 is never reached: all cycles together may be 2 a day (spec.triggers.cyclesPerDayMax). Lower it, or raise the common limit',
  ],
  [
    'a cooldown longer than a model may grow old',
    '  triggers:\n',
    '  serving: {}\n  monitoring: { thresholds: { staleDaysMax: 7 } }\n  triggers:\n    cooldownMinutes: 20000\n',
    '60:22: error: spec.triggers.cooldownMinutes: expected at most 10080 minutes, the 7 days of spec.monitoring.thresholds.staleDaysMax, found 20000. A stale model could not be trained again in time: shorten it, or let models grow older',
  ],
];

test.for(mistakes)('%s', ([, from, to, ...problems]) => expectProblems(from, to, problems));
