import type { Finding } from '../../finding.js';
import type { MonitoringPolicy } from '../../monitoring.js';
import type { ArmRequests, WindowRequests } from '../../request-counts.js';
import type { TimeRange } from '../../dataset.js';
import { count, percent } from './in-words.js';

/** Less of the window than this was counted: nothing is said to be fine. Readings lie ten minutes apart, windows last an hour or more. */
const COUNTED_SHARE_MIN = 0.75;

/**
 * Whether the champion, or another version that is asked beside it, answers too many requests with errors: as the proxy counts them,
 * so also what no server answered. Few requests find something only where the missing ones, all good, would not change it.
 *
 * @param requests null: nothing was counted, which is never `ok`
 */
export function judgeErrors(
  { settings: { thresholds }, champion }: MonitoringPolicy,
  window: TimeRange,
  requests: WindowRequests | null,
): Finding {
  const { errorRateMax, rowsMin } = thresholds;
  const base = { kind: 'errors', threshold: errorRateMax ?? null } as const;
  if (requests === null || requests.arms.length === 0) {
    const why = requests === null ? 'the requests of this window were not counted' : 'the proxy counted no request';
    return { ...base, state: 'inconclusive', sentence: `The error rate is unknown: ${why}.`, observed: null };
  }
  const served = sumOf(requests.arms.filter(({ version }) => version === champion.version));
  const others = requests.arms.filter(({ version }) => version !== champion.version);
  const excess = ({ requests: asked, errors }: Counted): number =>
    errorRateMax === undefined ? -1 : errors / Math.max(asked, rowsMin) - errorRateMax;
  const worst = [served, ...others].reduce((a, b) => (excess(b) > excess(a) ? b : a));
  const counted = countedShare(window, requests);
  const limit = errorRateMax === undefined ? 'no limit is set' : `up to ${percent(errorRateMax)} may be`;
  const sentence = [
    `${wordsOf(served)} to the champion ${champion.version} were not answered with 2xx; ${limit}.`,
    ...others.map((arm) => `Of ${arm.arm} ${arm.version}: ${wordsOf(arm)}.`),
    ...(counted < COUNTED_SHARE_MIN ? [`Only ${percent(counted)} of the window was counted.`] : []),
    ...(requests.restarts > 0 ? [`Counters began anew ${requests.restarts} times: a few requests are missing.`] : []),
  ].join(' ');
  if (excess(worst) > 0) return { ...base, state: 'found', sentence, observed: rateOf(worst) };
  const isEnough = served.requests >= rowsMin && counted >= COUNTED_SHARE_MIN;
  const tooFew = served.requests < rowsMin ? ` At least ${rowsMin} are needed.` : '';
  return { ...base, state: isEnough ? 'ok' : 'inconclusive', sentence: sentence + tooFew, observed: rateOf(served) };
}

type Counted = Pick<ArmRequests, 'requests' | 'errors'>;

function sumOf(arms: readonly Counted[]): Counted {
  return arms.reduce((sum, { requests, errors }) => ({ requests: sum.requests + requests, errors: sum.errors + errors }), {
    requests: 0,
    errors: 0,
  });
}

const rateOf = ({ requests, errors }: Counted): number | null => (requests === 0 ? null : errors / requests);

function wordsOf(arm: Counted): string {
  const rate = rateOf(arm);
  return `${count(arm.errors)} of ${count(arm.requests)} requests${rate === null ? '' : ` (${percent(rate)})`}`;
}

function countedShare({ start, end }: TimeRange, { from, to }: WindowRequests): number {
  const [startMs, endMs] = [Date.parse(start), Date.parse(end)];
  return Math.max(0, Math.min(endMs, Date.parse(to)) - Math.max(startMs, Date.parse(from))) / (endMs - startMs);
}
