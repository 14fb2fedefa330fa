import type { LabelStatus } from '../../client/labels/label-status.js';
import { facts, table } from './table.js';

/** Days with their coverage, then what is wrong. */
export function labelStatusLines({ model, from, asOf, counts, conflicts, kpis, days }: LabelStatus): string[] {
  if (counts.predictions === 0 && counts.unmatchedLabels === 0)
    return [`${model}: no predictions were logged from ${from} to ${asOf}, and no labels came for any`];
  const rows = days.map(({ day, predictions, labelled, censored, coverage, isMature, reason }) => [
    day,
    predictions,
    labelled,
    censored,
    `${(coverage * 100).toFixed(1)}%`,
    isMature ? 'mature' : `provisional: ${reason}`,
  ]);
  return [
    ...table(['DAY', 'PREDICTIONS', 'LABELLED', 'CENSORED', 'SETTLED', 'STATE'], rows),
    '',
    ...facts([
      ['predictions', counts.predictions],
      ['labelled', counts.labelled],
      ['censored', counts.censored],
      ['labels without a prediction of this time', counts.unmatchedLabels],
      ['rows with conflicting labels', counts.conflicts],
      ['ids used for different predictions', counts.ambiguousIds],
      ['labels observed before their prediction, not used', counts.observedBefore],
      ['named numbers', kpis.join(', ')],
    ]),
    ...(conflicts.length > 0 ? ['', 'conflicting labels: the first received counts'] : []),
    ...conflicts.map(({ id, row, field, first, other }) => `  ${id} row ${row}, ${field}: ${first}, then ${other}`),
  ];
}
