import { expect, test } from 'vitest';
import { countRequests, requestsBetween, type CountedInstance } from '../../../../src/domain/decide/monitor/count-requests.js';
import { RequestCounts } from '../../../../src/domain/request-counts.js';

const MINUTE_MS = 60_000;
const champion = (requests: number, errors: number): CountedInstance => ({
  instance: 'm-3',
  arm: 'champion',
  version: 'flights-3',
  requests,
  errors,
});
const challenger = (requests: number, errors: number): CountedInstance => ({
  instance: 'm-9',
  arm: 'challenger',
  version: 'flights-9',
  requests,
  errors,
});

/** One reading after another, ten minutes apart. */
function readings(seen: readonly (readonly CountedInstance[])[]): RequestCounts[] {
  const kept: RequestCounts[] = [];
  for (const [at, instances] of seen.entries())
    kept.push(RequestCounts.parse(countRequests('m', kept.at(-1) ?? null, { atMs: at * 10 * MINUTE_MS, instances })));
  return kept;
}

const between = (kept: readonly RequestCounts[], from: number, to: number) => requestsBetween(kept[from]!, kept[to]!);

test('what was counted before anybody looked belongs to no window', () => {
  const kept = readings([[champion(500, 400)], [champion(700, 402)]]);
  expect(between(kept, 0, 1)).toEqual({
    from: '1970-01-01T00:00:00.000Z',
    to: '1970-01-01T00:10:00.000Z',
    restarts: 0,
    arms: [{ arm: 'champion', version: 'flights-3', requests: 200, errors: 2 }],
  });
});

test('a proxy that was started again loses what came after the last reading, and says so', () => {
  const kept = readings([[champion(500, 5)], [champion(900, 9)], [champion(30, 1)], [champion(80, 1)]]);
  expect(between(kept, 0, 3)).toMatchObject({ restarts: 1, arms: [{ requests: 480, errors: 5 }] });
  expect(between(kept, 2, 3)).toMatchObject({ restarts: 0, arms: [{ requests: 50, errors: 0 }] });
});

test('a version that comes later is counted from its first request, and one that comes back from there on', () => {
  const kept = readings([
    [champion(500, 5)],
    [champion(600, 5), challenger(40, 8)],
    [champion(700, 5)],
    [champion(800, 5), challenger(45, 8)],
  ]);
  expect(between(kept, 0, 1).arms[1]).toEqual({ arm: 'challenger', version: 'flights-9', requests: 40, errors: 8 });
  expect(between(kept, 1, 2).arms).toMatchObject([{ arm: 'champion', requests: 100 }]);
  expect(between(kept, 2, 3).arms).toMatchObject([{ arm: 'champion' }, { arm: 'challenger', requests: 5, errors: 0 }]);
});

test('a promoted version is counted in each role apart', () => {
  const kept = readings([[challenger(0, 0)], [challenger(50, 1)], [{ ...challenger(90, 1), arm: 'champion' }]]);
  expect(between(kept, 0, 2).arms).toEqual([
    { arm: 'challenger', version: 'flights-9', requests: 50, errors: 1 },
    { arm: 'champion', version: 'flights-9', requests: 40, errors: 0 },
  ]);
});

test('where counting began anew within the window, only that is counted', () => {
  const [first] = readings([[champion(500, 5)]]);
  const again = countRequests('m', null, { atMs: 60 * MINUTE_MS, instances: [champion(900, 9)] });
  const last = countRequests('m', again, { atMs: 70 * MINUTE_MS, instances: [champion(950, 9)] });
  expect(requestsBetween(first!, last)).toMatchObject({ from: '1970-01-01T01:00:00.000Z', arms: [{ requests: 50, errors: 0 }] });
});

test('what nobody was sent to for longer than a window may be is forgotten', () => {
  const [first] = readings([[champion(500, 5), challenger(9, 0)]]);
  const later = countRequests('m', first!, { atMs: 33 * 86_400_000, instances: [champion(600, 5)] });
  expect([later.counters.length, later.totals.length]).toEqual([1, 1]);
});
