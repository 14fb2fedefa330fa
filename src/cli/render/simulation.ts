import type { SimulatedCase, Spread } from '../../domain/decide/simulation/simulate-cases.js';
import { table } from './table.js';

/** What `ratchet simulate` found. */
export interface Simulation {
  readonly file: string;
  readonly alpha: number;
  readonly traffic: { readonly requestsPerSecond: number; readonly errorShare: number };
  readonly cases: readonly SimulatedCase[];
  /** Kinds of metrics that made traffic cannot show. */
  readonly leftOut: readonly string[];
}

export function simulationLines({ file, alpha, traffic, cases, leftOut }: Simulation): string[] {
  const runs = cases[0]?.runs ?? 0;
  const head = ['challenger', 'found harmful', 'undecided', 'passed', 'after', 'requests'];
  const rows = cases.map((one) => [
    one.name,
    percent(one.found),
    percent(one.undecided),
    percent(one.passed),
    spread(one.seconds, duration),
    spread(one.requests, count),
  ]);
  const harmless = cases[0];
  const undecided = harmless !== undefined && harmless.undecided > 0;
  return [
    `${file} at ${traffic.requestsPerSecond} requests a second, ${percent(traffic.errorShare)} errors; ${runs} rollouts each`,
    '',
    ...table(head, rows),
    '',
    'after, requests: median (nine of ten) until found harmful; of the harmless one, and where none is found, until passed.',
    `A harmless challenger may be found harmful in at most ${percent(alpha)} of rollouts (rollout.alpha).`,
    ...(undecided ? ['Undecided at bakeSecondsMax also turns back: `ratchet lint` says per step how long it takes.'] : []),
    ...(leftOut.length > 0 ? [`Left out, for made traffic has nothing to compare them with: ${leftOut.join(', ')}.`] : []),
  ];
}

function spread(value: Spread | null, words: (value: number) => string): string | null {
  return value === null ? null : `${words(value.median)} (${words(value.p90)})`;
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))}%`;
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

function count(value: number): string {
  return value < 1000 ? String(value) : `${Number((value / 1000).toPrecision(2))}k`;
}
