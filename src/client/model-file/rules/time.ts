import type { Finding, Path } from '../problem.js';
import { nearest } from '../suggest.js';
import { cronMistake } from './cron.js';
import type { Rule } from './rule.js';

export const checkTimes: Rule = ({ data, triggers, monitoring }) => [
  ...(data === null ? [] : checkZone(data.timeZone, ['spec', 'data', 'timeZone'])),
  ...(triggers?.schedules ?? []).flatMap(({ cron, timeZone }, index) => [
    ...checkCron(cron, ['spec', 'triggers', 'schedules', index, 'cron']),
    ...checkZone(timeZone, ['spec', 'triggers', 'schedules', index, 'timeZone']),
  ]),
  ...checkOneZone((triggers?.schedules ?? []).map(({ timeZone }) => timeZone)),
  ...(monitoring?.schedule?.kind === 'cron'
    ? [
        ...checkCron(monitoring.schedule.cron, ['spec', 'monitoring', 'schedule', 'cron']),
        ...checkZone(monitoring.schedule.timeZone, ['spec', 'monitoring', 'schedule', 'timeZone']),
      ]
    : []),
];

/** All of a model's cycles come from one Temporal Schedule, and that has one time zone. */
function checkOneZone(zones: readonly string[]): Finding[] {
  return zones.flatMap((zone, index): Finding[] =>
    zone === zones[0]
      ? []
      : [
          {
            path: ['spec', 'triggers', 'schedules', index, 'timeZone'],
            severity: 'error',
            expected: `one time zone for all schedules of a model, ${zones[0]} as in the first`,
            found: `"${zone}"`,
            remedy: 'write its times in that zone',
          },
        ],
  );
}

function checkCron(cron: string, path: Path): Finding[] {
  const mistake = cronMistake(cron);
  return mistake === null
    ? []
    : [
        {
          path,
          severity: 'error',
          ...mistake,
          remedy: 'the five fields are minute, hour, day of month, month, day of week: "0 6 * * 1" is Mondays at six',
        },
      ];
}

export function checkZone(zone: string, path: Path): Finding[] {
  if (isZone(zone)) return [];
  const zones = Intl.supportedValuesOf('timeZone');
  const near = nearest(zone, zones) ?? zones.find((name) => name.toLowerCase().endsWith(`/${zone.toLowerCase().replaceAll(' ', '_')}`));
  return [
    {
      path,
      severity: 'error',
      expected: 'an IANA time zone, like America/New_York',
      found: `"${zone}"`,
      remedy: near === undefined ? '' : `did you mean ${near}?`,
    },
  ];
}

/** Names only: a fixed offset like +01:00 knows no summer time, and not every machine accepts it. */
function isZone(zone: string): boolean {
  if (!/^[A-Za-z]/.test(zone)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
