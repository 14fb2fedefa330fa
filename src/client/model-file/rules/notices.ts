import type { Rule } from './rule.js';

/** Whoever chooses events by hand must not leave out that a person is asked. */
export const checkNotices: Rule = ({ notices }) => {
  if (notices == null || notices.some(({ on }) => on === undefined || on.includes('approval'))) return [];
  return [
    {
      path: ['spec', 'notices'],
      atKey: true,
      severity: 'warning',
      message: 'nobody is told through a route that a person must decide',
      remedy: 'add approval to an `on`, or leave `on` out',
    },
  ];
};
