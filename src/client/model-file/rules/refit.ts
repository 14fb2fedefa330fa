import { daysBetweenFirings } from './cron.js';
import type { Rule } from './rule.js';

const MINUTES_PER_DAY = 24 * 60;

/** A champion that was refit has seen the newest rows: until the holdout has moved past them, nothing can be judged. */
export const tellUnjudgeable: Rule = ({ data, gates, refit, triggers }) => {
  if (refit !== 'afterPass' || data === null || gates === null || triggers === null) return [];
  const { againstChampion, againstAnchor, slices, maxImprovement } = gates;
  if ([againstChampion, againstAnchor, slices, maxImprovement].every((list) => list.length === 0)) return []; // nobody is compared with
  const { holdoutDays } = data.window;
  const scheduled = daysBetweenFirings(triggers.schedules.map(({ cron }) => cron));
  const apart = Math.max(scheduled, triggers.cooldownMinutes / MINUTES_PER_DAY);
  if (apart >= holdoutDays) return [];
  return [
    {
      path: ['spec', 'refit'],
      severity: 'warning',
      message: `after a promotion the next cycle can be judged only ${holdoutDays} days (data.window.holdoutDays) later, for the champion has seen all rows; the schedules ask ${apartWords(apart)}, and the cycles between end inconclusive`,
      remedy: `schedule cycles at least ${holdoutDays} days apart, hold back fewer days, or write refit: none`,
    },
  ];
};

function apartWords(days: number): string {
  if (days < 1) return 'more than once a day';
  return days < 2 ? 'every day' : `as often as ${Math.floor(days)} days apart`;
}
