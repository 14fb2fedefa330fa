import { quietUntil } from '../../../domain/decide/quiet-until.js';
import type { MonitorSettings } from '../../../domain/monitor-settings.js';
import type { QuietHours } from '../../../domain/trigger-policy.js';
import type { TriggersSpec } from '../../../domain/trigger.js';
import type { Finding, Path } from '../problem.js';
import type { Rule } from './rule.js';
import { checkZone } from './time.js';

const MINUTES_PER_DAY = 24 * 60;
const TRIGGERS = ['spec', 'triggers'] as const;

/** What could never start anything, and limits that never bind. */
export const checkTriggers: Rule = ({ triggers, monitoring }, { nowMs }) => {
  if (triggers === null) return [];
  const common = checkQuiet(triggers.quietHours, [], [...TRIGGERS, 'quietHours'], nowMs);
  return [
    ...common,
    ...checkBudget(triggers),
    ...checkPolicies(triggers, nowMs, common.length === 0),
    ...checkStaleness(triggers, monitoring ?? undefined),
  ];
};

function checkPolicies({ policies, quietHours, cyclesPerDayMax }: TriggersSpec, nowMs: number, isCommonSound: boolean): Finding[] {
  return Object.entries(policies).flatMap(([kind, policy]): Finding[] => {
    if (policy === undefined) return [];
    const at: Path = [...TRIGGERS, 'policies', kind];
    const quiet = checkQuiet(policy.quietHours, isCommonSound ? quietHours : [], [...at, 'quietHours'], nowMs);
    const max = policy.cyclesPerDayMax;
    if (max === undefined || max <= cyclesPerDayMax) return quiet;
    return [
      ...quiet,
      {
        path: [...at, 'cyclesPerDayMax'],
        severity: 'warning',
        message: `${max} is never reached: all cycles together may be ${cyclesPerDayMax} a day (spec.triggers.cyclesPerDayMax)`,
        remedy: 'lower it, or raise the common limit',
      },
    ];
  });
}

/** @param others hours that are quiet for other reasons */
function checkQuiet(rules: readonly QuietHours[], others: readonly QuietHours[], path: Path, nowMs: number): Finding[] {
  const zones = rules.flatMap(({ timeZone }, index) => checkZone(timeZone, [...path, index, 'timeZone']));
  if (zones.length > 0 || rules.length === 0) return zones;
  if (quietUntil([...rules, ...others], nowMs)?.untilMs !== Infinity) return [];
  const found = others.length > 0 ? 'hours that, with spec.triggers.quietHours, cover every day' : 'hours that cover every day';
  return [
    {
      path,
      severity: 'error',
      expected: 'some time in which a cycle may start',
      found,
      remedy: 'shorten them, or name the days on which they begin; `ratchet pause` stops all cycles',
    },
  ];
}

/** A model that is stale after a week, and may be trained again after two, is stale for ever. */
function checkStaleness({ cooldownMinutes, policies }: TriggersSpec, monitoring: MonitorSettings | undefined): Finding[] {
  const days = monitoring?.thresholds.staleDaysMax;
  if (days === undefined || monitoring?.answers.staleness.action !== 'retrain') return [];
  const cooldowns = [
    { path: [...TRIGGERS, 'cooldownMinutes'], minutes: cooldownMinutes },
    { path: [...TRIGGERS, 'policies', 'staleness', 'cooldownMinutes'], minutes: policies.staleness?.cooldownMinutes ?? 0 },
  ];
  return cooldowns
    .filter(({ minutes }) => minutes > days * MINUTES_PER_DAY)
    .map(({ path, minutes }) => ({
      path,
      severity: 'error',
      expected: `at most ${days * MINUTES_PER_DAY} minutes, the ${days} days of spec.monitoring.thresholds.staleDaysMax`,
      found: String(minutes),
      remedy: 'a stale model could not be trained again in time: shorten it, or let models grow older',
    }));
}

function checkBudget({ budget }: TriggersSpec): Finding[] {
  if (budget === undefined) return [];
  const { prices, ...limits } = budget;
  if (Object.values(limits).some((limit) => limit !== undefined)) return [];
  return [
    {
      path: [...TRIGGERS, 'budget'],
      severity: 'error',
      expected: 'one of cpuHoursPerMonthMax, gpuHoursPerMonthMax, costPerMonthMax',
      found: prices === undefined ? 'no limit' : 'only prices',
      remedy: 'name a limit, or remove the budget',
    },
  ];
}
