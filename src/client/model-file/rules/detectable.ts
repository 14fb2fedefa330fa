import { alphaOfComparison } from '../../../domain/decide/alpha-budget.js';
import { ASSUMED_BLOCK_SPREAD, detectableDifference } from '../../../domain/decide/detectable-difference.js';
import { BLOCKS_MIN } from '../../../domain/decide/paired-estimate.js';
import type { Finding } from '../problem.js';
import type { Rule } from './rule.js';

/** Tells what the stated window can show at all, before months are spent on waiting for it. */
export const tellDetectable: Rule = ({ data, evaluation, gates }) => {
  if (data === null || evaluation === null || gates === null) return [];
  const lists = ['againstChampion', 'againstAnchor'] as const;
  if (evaluation.resampleBy !== 'day') {
    return lists.some((list) => gates[list].length > 0) ? [tellOfBlocks(evaluation.resampleBy)] : [];
  }
  const days = data.window.holdoutDays;
  const alpha = alphaOfComparison(gates.alpha, 1);
  return lists.flatMap((list) =>
    gates[list].flatMap((gate, index): Finding[] => {
      const spread = ASSUMED_BLOCK_SPREAD[gate.metric];
      const shown = detectableDifference(days, alpha, spread);
      if (shown === null) return [];
      const basis = `${days} day blocks, first comparison at α ${round(alpha * 100)}% a side, assuming days that spread by ${spread}`;
      const message =
        gate.test === 'superiority'
          ? `an improvement below about ${round(gate.margin + shown.detectable)} will be proven in fewer than 8 of 10 cycles (${basis})`
          : `a challenger that is exactly as good will pass this margin in about ${Math.round(shown.passIfEqual(gate.margin) * 100)}% of cycles (${basis})`;
      const remedy = 'a longer holdout shows more: four times the days halve it';
      return [{ path: ['spec', 'gates', list, index], severity: 'info', message, remedy }];
    }),
  );
};

/** How many values the column has stands in no model file; nor how many rows there will be. */
function tellOfBlocks(column: string): Finding {
  if (column === 'row') {
    return {
      path: ['spec', 'evaluation', 'resampleBy'],
      severity: 'info',
      message:
        'what the holdout can show depends on how many rows it has: four times as many halve it. Rows that are alike count as if they were not',
      remedy: 'write day, or the column that rows are alike by, unless each row stands for itself',
    };
  }
  return {
    path: ['spec', 'evaluation', 'resampleBy'],
    severity: 'info',
    message: `what the holdout can show depends on how many values of ${column} it has: four times as many halve it, and with fewer than ${BLOCKS_MIN} every comparison is inconclusive`,
    remedy: 'choose what rows are alike by, and has many values, like a customer; or day',
  };
}

function round(value: number): number {
  return Number(value.toPrecision(2));
}
