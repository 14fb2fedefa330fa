import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ask, describeTrafficRouter, routeOf } from '../../contracts/traffic-router.js';
import type { TestIstio } from '../../servers/istio.js';
import { startSteadyCallers } from '../../traffic/steady-callers.js';
import { openMesh, openMeshRoutes } from './open-mesh.js';
import { routers, untilTaken } from './routers.js';

const kubernetes = inject('kubernetes');
const isBuilt = kubernetes !== null && kubernetes.istio !== null;
const { signal } = new AbortController();
const toChampion = [['champion', 'm-1', 100]] as const;
const toChallenger = [['challenger', 'm-2', 100]] as const;
const canary = [
  ['champion', 'm-1', 90],
  ['challenger', 'm-2', 10],
] as const;

describe.skipIf(!isBuilt)('requests through a real Envoy that Istio’s control plane directs (skipped where it was not built)', () => {
  let istio: TestIstio | undefined;
  const home = mkdtempSync(join(tmpdir(), 'ratchet-istio-'));

  beforeAll(async () => {
    istio = await openMesh(kubernetes!, kubernetes!.istio!, home);
  });
  afterAll(async () => {
    await istio?.kill();
    rmSync(home, { recursive: true, force: true });
  });

  describe.each(['Gateway API', 'Istio'] as const)('by the router %s', (name) => {
    const { rights, make } = routers[name];
    async function open() {
      const routes = await openMeshRoutes('mesh-routes', kubernetes!, istio!, rights);
      return { ...routes, router: untilTaken(make(routes), routes), instances: ['m-1', 'm-2'] as const };
    }

    describeTrafficRouter(`${name} on a real data plane`, open);

    test('go where the weights say, at every step there and back, and none fails', async () => {
      const { router, replicas } = await open();
      await router.shift(routeOf('m', 1, toChampion), signal);
      const url = `${router.url}/v2/models/m/infer`;
      const callers = startSteadyCallers({ url, callers: 2, pauseMs: 5 });
      try {
        expect(await share(router.url, 500)).toBe(0);
        await router.shift(routeOf('m', 2, canary), signal);
        // 10 %, give or take seven standard deviations: fewer than one run in 10^11 is outside.
        const tenth = await share(router.url, 2000);
        expect(tenth).toBeGreaterThan(0.1 - 7 * Math.sqrt(0.09 / 2000));
        expect(tenth).toBeLessThan(0.1 + 7 * Math.sqrt(0.09 / 2000));
        await router.shift(routeOf('m', 3, toChallenger), signal);
        expect(await share(router.url, 500)).toBe(1);
        await router.shift(routeOf('m', 4, toChampion), signal);
        const before = replicas['m-2'].asked.length;
        expect(await share(router.url, 500)).toBe(0);
        expect(replicas['m-2'].asked.length).toBe(before);
      } finally {
        await callers.stop();
      }
      expect(callers.failures).toEqual([]);
      expect(callers.answered.get('m-2')).toBeGreaterThan(0);
    });
  });

  /** Of so many requests, those that the challenger answered. */
  async function share(url: string, requests: number): Promise<number> {
    await ask(url, 'm'); // its thread has the newest routes when it has answered one
    let left = requests;
    let challenger = 0;
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        while (left-- > 0) {
          const { status, headers } = await ask(url, 'm');
          expect(status).toBe(200);
          if (headers.get('x-ratchet-version') === 'm-2') challenger++;
        }
      }),
    );
    return challenger / requests;
  }
});
