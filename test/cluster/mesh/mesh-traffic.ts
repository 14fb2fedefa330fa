import { expect, test } from 'vitest';
import type { TrafficRouter } from '../../../src/ports/traffic-router.js';
import { ask, routeOf } from '../../contracts/traffic-router.js';
import { startSteadyCallers } from '../../traffic/steady-callers.js';
import type { MeshRoutes } from './routers.js';

const { signal } = new AbortController();
export const toChampion = [['champion', 'm-1', 100]] as const;
export const toChallenger = [['challenger', 'm-2', 100]] as const;
const canary = [
  ['champion', 'm-1', 90],
  ['challenger', 'm-2', 10],
] as const;
/** Seven standard deviations: fewer than one run in 10^11 is outside of them. */
const DEVIATIONS = 7;

/** What a real proxy does with the requests of a route. `open` gives a router whose shifts wait until the proxy has taken them. */
export function testMeshTraffic(open: () => Promise<MeshRoutes & { readonly router: TrafficRouter }>): void {
  test('requests go where the weights say, at every step there and back, and none fails', async () => {
    const { router, replicas } = await open();
    await router.shift(routeOf('m', 1, toChampion), signal);
    const callers = startSteadyCallers({ url: `${router.url}/v2/models/m/infer`, callers: 2, pauseMs: 5 });
    try {
      expect(await shareOfChallenger(router.url, 300)).toBe(0);
      await router.shift(routeOf('m', 2, canary), signal);
      const deviation = Math.sqrt((0.1 * 0.9) / 1500);
      const tenth = await shareOfChallenger(router.url, 1500);
      expect(tenth).toBeGreaterThan(0.1 - DEVIATIONS * deviation);
      expect(tenth).toBeLessThan(0.1 + DEVIATIONS * deviation);
      // Other limits besides: on Istio the proxy makes its connections to both instances anew.
      await router.shift(routeOf('m', 3, toChallenger, { settings: { timeoutMs: 50_000, concurrentRequestsMax: 512 } }), signal);
      expect(await shareOfChallenger(router.url, 300)).toBe(1);
      await router.shift(routeOf('m', 4, toChampion), signal);
      expect(await shareOfChallenger(router.url, 300)).toBe(0);
      // What was under way at the turn is answered; then nobody asks the challenger any more.
      const before = replicas['m-2'].asked.length;
      expect(await shareOfChallenger(router.url, 300)).toBe(0);
      expect(replicas['m-2'].asked.length).toBe(before);
    } finally {
      await callers.stop();
    }
    expect(callers.failures).toEqual([]);
    expect(callers.answered.get('m-2')).toBeGreaterThan(0);
  });

  test('a mirror gets a copy of each request, and callers get no answer of its', async () => {
    const { router, replicas } = await open();
    await router.shift(routeOf('m', 1, toChampion, { mirror: { arm: 'challenger', instance: 'm-2' } }), signal);
    replicas['m-2'].answer = 500; // of which nobody is told
    const before = replicas['m-2'].asked.length;
    expect(await shareOfChallenger(router.url, 200)).toBe(0);
    await expect.poll(() => replicas['m-2'].asked.length - before, { timeout: 20_000 }).toBe(201); // one to begin with
    expect(replicas['m-1'].asked.at(-1)).toMatchObject({ path: '/v2/models/m/infer', arm: 'champion' });
    await router.shift(routeOf('m', 2, toChampion), signal);
    // A copy may still be under way: fifty requests of which none came is what is waited for.
    const copiesOfFifty = async (): Promise<number> => {
      const copies = replicas['m-2'].asked.length;
      expect(await shareOfChallenger(router.url, 50)).toBe(0);
      return replicas['m-2'].asked.length - copies;
    };
    await expect.poll(copiesOfFifty, { timeout: 20_000 }).toBe(0);
  });

  test('who names an arm in a header is sent there, and who names none that there is goes with the others', async () => {
    const { router, replicas } = await open();
    await router.shift(routeOf('m', 1, canary), signal);
    expect(await shareOfChallenger(router.url, 50, { 'x-arm': 'challenger' })).toBe(1);
    expect(await shareOfChallenger(router.url, 50, { 'x-arm': 'champion' })).toBe(0);
    const answer = await ask(router.url, 'm', { 'x-arm': 'challenger', 'x-ratchet-arm': 'champion' });
    expect(answer.headers.get('x-ratchet-arm')).toBe('challenger');
    expect(replicas['m-2'].asked.at(-1)).toMatchObject({ arm: 'challenger' }); // what a caller says of itself does not count
    expect(await shareOfChallenger(router.url, 100, { 'x-arm': 'nobody' })).toBeLessThan(0.5);
  });

  test('who is not answered within timeoutMs is told so', async () => {
    const { router, replicas } = await open();
    await router.shift(routeOf('m', 1, toChampion, { settings: { timeoutMs: 300 } }), signal);
    replicas['m-1'].answer = 'never';
    expect((await ask(router.url, 'm')).status).toBe(504);
  });
}

/** Of so many requests, those that the challenger answered. */
async function shareOfChallenger(url: string, requests: number, headers: Record<string, string> = {}): Promise<number> {
  await ask(url, 'm', headers); // the proxy's thread has the newest routes when it has answered one
  let left = requests;
  let challenger = 0;
  const statuses = new Set<number>();
  const askOnAndOn = async (): Promise<void> => {
    while (left-- > 0) {
      const answer = await ask(url, 'm', headers);
      statuses.add(answer.status);
      if (answer.headers.get('x-ratchet-version') === 'm-2') challenger++;
    }
  };
  await Promise.all(Array.from({ length: 8 }, askOnAndOn));
  expect([...statuses]).toEqual([200]);
  return challenger / requests;
}
