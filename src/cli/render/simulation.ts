import type { SimulatedCase, Spread } from '../../domain/decide/simulation/simulate-cases.js';
import { table } from './table.js';

/** What `ratchet simulate` found. */
export interface Simulation {
  readonly file: string;
  readonly alpha: number;
  readonly traffic: { readonly requestsPerSecond: number; readonly errorShare: number };
  /** By what is seen in windows of traffic; empty where no metric is. */
  readonly cases: readonly SimulatedCase[];
  /** By what labels say of days; without cases where no metric asks for labels. */
  readonly labels: { readonly delayHours: number; readonly daySpread: number; readonly cases: readonly SimulatedCase[] };
  /** Kinds of metrics that made traffic cannot show. */
  readonly leftOut: readonly string[];
}

export function simulationLines({ file, alpha, traffic, cases, labels, leftOut }: Simulation): string[] {
  const all = [...cases, ...labels.cases];
  const undecided = [cases[0], labels.cases[0]].some((harmless) => (harmless?.undecided ?? 0) > 0);
  const { delayHours, daySpread } = labels;
  return [
    `${file} at ${traffic.requestsPerSecond} requests a second, ${percent(traffic.errorShare)} errors; ${all[0]?.runs ?? 0} rollouts each`,
    '',
    ...(cases.length > 0 ? [...caseTable(cases), ''] : []),
    ...(labels.cases.length > 0
      ? [
          `by labels that come after ${delayHours} h, where days differ by ${daySpread} × margin (standard deviation):`,
          '',
          ...caseTable(labels.cases),
          '',
        ]
      : []),
    'after, requests: median (nine of ten) until found harmful; of the harmless one, and where none is found, until passed.',
    `A harmless challenger may be found harmful in at most ${percent(alpha)} of rollouts (rollout.alpha), by all metrics together.`,
    ...(undecided ? ['Undecided at bakeSecondsMax also turns back: `ratchet lint` says per step how long it takes.'] : []),
    ...(leftOut.length > 0 ? [`Left out, for made traffic has nothing to compare them with: ${leftOut.join(', ')}.`] : []),
  ];
}

function caseTable(cases: readonly SimulatedCase[]): string[] {
  const head = ['challenger', 'found harmful', 'undecided', 'passed', 'after', 'requests'];
  const rows = cases.map((one) => [
    one.name,
    percent(one.found),
    percent(one.undecided),
    percent(one.passed),
    spread(one.seconds, duration),
    spread(one.requests, count),
  ]);
  return table(head, rows);
}

function spread(value: Spread | null, words: (value: number) => string): string | null {
  return value === null ? null : `${words(value.median)} (${words(value.p90)})`;
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))}%`;
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} days`;
}

function count(value: number): string {
  return value < 1000 ? String(value) : `${Number((value / 1000).toPrecision(2))}k`;
}
