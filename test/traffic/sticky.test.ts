import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { challengerPercent, sameSplit } from '../../src/domain/decide/traffic-splits.js';
import type { Digest } from '../../src/domain/digest.js';
import { objectKey } from '../../src/domain/object-key.js';
import type { Arm } from '../../src/domain/serving.js';
import { WatchDocument } from '../../src/domain/watch-document.js';
import { records } from '../chaos/kill-point.js';
import { until } from '../chaos/until.js';
import { readRoute } from './lawful-traffic.js';
import { JUDGED_BY_ERRORS, startServedStack, type Edits, type ServedStack } from './served-stack.js';
import type { SteadyCallers } from './steady-callers.js';

const CALLER = 'x-caller';
const REGULARS = 60;
const STICKY: Edits = [
  ...JUDGED_BY_ERRORS,
  ['serving: {', `serving: { stickyBy: ${CALLER},`],
  ['    alpha: 0.2', '    unit: key\n    alpha: 0.2'],
  ['weightPercent: 30, bakeSeconds: 1,', 'weightPercent: 30, bakeSeconds: 40,'],
];

describe('callers who stay with their version', () => {
  let stack: ServedStack;
  let callers: SteadyCallers;
  /** Asked once each, among regular ones who ask again and again. */
  let strangers = 0;
  let asked = 0;
  /** Which versions each regular caller was answered by, as long as somebody looks. */
  let seen: Map<string, Set<string>> | null = null;
  beforeAll(async () => {
    stack = await startServedStack(STICKY, {}, [], JUDGED_BY_ERRORS); // the champion's server is older than the wish that callers stay
    callers = stack.callers(8, {
      headers: () => ({ [CALLER]: ++asked % 2 === 0 ? `stranger-${++strangers}` : `regular-${((asked - 1) / 2) % REGULARS}` }),
      onAnswer(version, sent) {
        const caller = sent[CALLER]!;
        if (seen === null || !caller.startsWith('regular')) return;
        seen.set(caller, (seen.get(caller) ?? new Set()).add(version));
      },
    });
  });
  afterAll(async () => {
    await callers?.stop();
    await stack?.stop();
  });

  test('a harmless challenger is promoted: in canary each caller has one version, and each is counted once', async () => {
    const [failuresBefore, answersBefore, strangersBefore] = [callers.failures.length, callers.latencies.length, strangers];
    const cycle = await stack.challenge({});
    const isCanary = async (): Promise<number | null> => {
      const reading = await readRoute(stack.home);
      const isIt = reading?.inForce != null && sameSplit(reading.inForce, reading.asked) && challengerPercent(reading.asked) === 30;
      return isIt ? reading.asked.shift : null;
    };
    const shift = await until('canary is in force', isCanary, { everyMs: 20 });
    await moreAnswers(100); // what was under way at the shift is over
    seen = new Map();
    await moreAnswers(REGULARS * 2 * 4); // about four for each
    const versions = seen;
    seen = null;
    expect(await isCanary()).toBe(shift); // nothing was shifted meanwhile
    expect(versions.size).toBe(REGULARS);
    expect([...versions.values()].filter(({ size }) => size !== 1)).toEqual([]);
    const challengers = [...versions.values()].filter((one) => [...one][0]!.startsWith(`quick-${cycle}+`)).length;
    expect(challengers / REGULARS).toBeGreaterThan(0.1);
    expect(challengers / REGULARS).toBeLessThan(0.55);

    expect(await stack.outcomeOf(cycle)).toBe('promoted');
    const { analysisDigest } = await stack.body(cycle, 'baked');
    expect(callers.failures.slice(failuresBefore)).toEqual([]);
    const counted = countedBy(stack, cycle, analysisDigest!);
    const keysMax = strangers - strangersBefore + REGULARS;
    for (const [arm, units] of counted) expect(units, arm).toBeGreaterThan(20);
    // No arm has counted somebody twice; requests were twice as many and more.
    for (const [arm, units] of counted) expect(units, arm).toBeLessThanOrEqual(keysMax);
    expect(callers.latencies.length - answersBefore).toBeGreaterThan(1.7 * keysMax);
  });

  test('one that refuses some requests is turned back, for the callers that it harmed', async () => {
    const cycle = await stack.challenge({ error_share: 0.5 });
    const { reason, requestedBy } = await stack.body(cycle, 'withdrawn');
    expect(requestedBy).toBe('ratchet');
    expect(reason).toMatch(/errors: more errors/);
    expect(await stack.outcomeOf(cycle)).toBe('rejected');
    const champion = records(stack.home.storeFolder).at(-1)!.after.champion!.version;
    await moreAnswers(100);
    seen = new Map();
    await moreAnswers(REGULARS * 2 * 2);
    expect(new Set([...seen.values()].flatMap((versions) => [...versions]))).toEqual(new Set([champion]));
    seen = null;
  });

  function moreAnswers(count: number): Promise<boolean> {
    const enough = callers.latencies.length + count;
    return until(`${count} more answers`, () => callers.latencies.length >= enough, { everyMs: 10 });
  }
});

/** Units of each arm over all watches of a cycle: each watch's document names the one before. */
function countedBy({ home }: ServedStack, cycle: number, last: Digest): Map<Arm, number> {
  const counted = new Map<Arm, number>();
  for (let digest: Digest | null = last; digest !== null;) {
    const document: WatchDocument = WatchDocument.parse(JSON.parse(readFileSync(join(home.storeFolder, objectKey(digest)), 'utf8')));
    expect(document.cycle).toBe(cycle);
    for (const { arms } of document.windows)
      for (const [arm, { units }] of Object.entries(arms) as [Arm, { units: number }][]) counted.set(arm, (counted.get(arm) ?? 0) + units);
    digest = document.previous;
  }
  return counted;
}
