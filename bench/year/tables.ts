import type { Books, PolicyBooks } from './books.js';
import type { Spent } from './warm-steps.js';

type Metric = 'auc' | 'logLoss' | 'brier';
const METRICS: readonly (readonly [Metric, string, number])[] = [
  ['auc', 'AUC', 3],
  ['logLoss', 'log-loss', 4],
  ['brier', 'Brier', 4],
];

/** Markdown: a table a metric, a row a month and one for the whole time, a column a policy; then what was not answered. */
export function monthTable({ months, policies }: Books, names: readonly string[]): string[] {
  const rows = sumOf(months.map((month) => month.rows));
  const tables = METRICS.flatMap(([metric, words, digits]) => {
    const cell = (value: number | null): string => (value === null ? '' : value.toFixed(digits));
    const body = months.map(({ month, rows: ofMonth }, index) => [
      month,
      ofMonth.toLocaleString('en-US'),
      ...names.map((name) => cell(policies[name]!.months[index]![metric])),
    ]);
    const whole = ['all', rows.toLocaleString('en-US'), ...names.map((name) => cell(policies[name]!.year[metric]))];
    return [...markdown([[words, 'labelled', ...names], ...body, whole]), ''];
  });
  return [...tables, `unanswered: ${names.map((name) => `${name} ${policies[name]!.year.refused}`).join('; ')}`];
}

/** Months in which a policy's log-loss is worse than another's, with by how much. */
export function monthsWorse({ months, policies }: Books, policy: string, other: string): string[] {
  const lossOf = ({ months: found }: PolicyBooks, index: number): number => found[index]!.logLoss ?? NaN;
  return months.flatMap(({ month }, index) => {
    const worse = lossOf(policies[policy]!, index) - lossOf(policies[other]!, index);
    return worse > 0 ? [`${month} by ${worse.toFixed(4)}`] : [];
  });
}

/** `63 (train 20, evaluate 41, monitor 2)` */
export function spentInWords(spent: Spent): string {
  const parts = Object.entries(spent).map(([stage, { cpuSeconds }]) => `${stage} ${cpuSeconds.toFixed(0)}`);
  return `${sumOf(Object.values(spent).map(({ cpuSeconds }) => cpuSeconds)).toFixed(0)} (${parts.join(', ')})`;
}

function markdown([head, ...rows]: readonly (readonly string[])[]): string[] {
  const all = [head!, ...rows];
  const width = (column: number): number => Math.max(...all.map((row) => row[column]!.length));
  const line = (row: readonly string[]): string => `| ${row.map((cell, column) => cell.padEnd(width(column))).join(' | ')} |`;
  return [line(head!), `| ${head!.map((_, column) => '-'.repeat(width(column))).join(' | ')} |`, ...rows.map(line)];
}

const sumOf = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
