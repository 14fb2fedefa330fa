import { describe, expect, test, vi } from 'vitest';
import { LATENCY_EDGES_MS, SCORE_BINS } from '../../src/domain/latency-edges.js';
import type { ArmCounts } from '../../src/domain/traffic-window.js';
import type { MetricSource } from '../../src/ports/metric-source.js';

export interface MetricsUnderTest {
  readonly source: MetricSource;
  /** Nobody has asked them yet. */
  readonly instances: { readonly champion: string; readonly challenger: string };
  /** Sends requests, half to each, one after the other. @param status what the instances answer */
  ask(times: number, status: number): Promise<void>;
  /** Ends what `source` reads. */
  end(): Promise<void>;
}

export const total = (counts: readonly number[] | undefined): number => (counts ?? []).reduce((sum, count) => sum + count, 0);

/** What every metric source keeps. @param hasLatency whether it knows how long answers took */
export function describeMetricSource(name: string, open: () => Promise<MetricsUnderTest>, { hasLatency = true } = {}) {
  describe(`${name} metric source`, () => {
    const signal = AbortSignal.timeout(60_000);

    test('counts nothing before the first request, in lists of full length', async () => {
      const { source, instances } = await open();
      const { arms } = await source.read(instances, 'request', signal);
      const none = Array.from({ length: LATENCY_EDGES_MS.length + 1 }, () => 0);
      const nothing: ArmCounts = { units: 0, errors: 0, latency: none, scores: none.slice(0, SCORE_BINS), scoreSum: 0 };
      expect(arms).toEqual({ champion: nothing, challenger: nothing });
    });

    test('counts each request once, for the arm that answered it', async () => {
      const { source, instances, ask } = await open();
      await ask(40, 200);
      const { atMs, arms } = await vi.waitFor(
        async () => {
          const reading = await source.read(instances, 'request', signal);
          const seen = (arm?: ArmCounts): number => (hasLatency ? total(arm?.latency) : (arm?.units ?? 0));
          expect(seen(reading.arms.champion) + seen(reading.arms.challenger)).toBe(40);
          return reading;
        },
        { timeout: 20_000 },
      );
      expect(atMs).toBeLessThanOrEqual(Date.now());
      expect(arms.champion!.units + arms.challenger!.units).toBe(40);
      for (const arm of [arms.champion!, arms.challenger!]) {
        expect(arm.units).toBeGreaterThan(0);
        expect([arm.errors, total(arm.latency)]).toEqual([0, hasLatency ? arm.units : 0]);
      }
    });

    test('counts what is not answered with 2xx as errors', async () => {
      const { source, instances, ask } = await open();
      await ask(10, 200);
      await ask(10, 500);
      await ask(10, 400);
      const { champion, challenger } = (await source.read(instances, 'request', signal)).arms;
      expect(champion!.units + challenger!.units).toBe(30);
      expect(champion!.errors + challenger!.errors).toBe(20);
    });

    test('reads only the arms that it is asked for', async () => {
      const { source, instances } = await open();
      expect(Object.keys((await source.read({ champion: instances.champion }, 'request', signal)).arms)).toEqual(['champion']);
    });

    test('says which source is away', async () => {
      const { source, instances, end } = await open();
      await end();
      await expect(source.read(instances, 'request', signal)).rejects.toMatchObject({
        type: 'MetricsUnavailable',
        message: expect.stringContaining('127.0.0.1'),
      });
    });
  });
}
