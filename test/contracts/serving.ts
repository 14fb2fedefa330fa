import { describe, expect, test } from 'vitest';
import type { Digest } from '../../src/domain/digest.js';
import type { InstanceSpec } from '../../src/domain/serving.js';
import type { ObjectStore } from '../../src/ports/object-store.js';
import type { Serving } from '../../src/ports/serving.js';

export interface ServingInTest {
  readonly serving: Serving;
  readonly store: ObjectStore;
  /** What of an instance's spec says where its servers run. */
  readonly place: Pick<InstanceSpec, 'cluster'>;
  /** Ends a server from outside, as a crash would. */
  crash(instance: string): Promise<void>;
}

/** What of it a platform says in words of its own. */
export interface Platform {
  readonly neverReady: RegExp;
  readonly dies: RegExp;
  /** false: it starts again what crashes, and says nothing of it. */
  readonly countsRestarts: boolean;
}

const processes: Platform = {
  neverReady: /waited 2 s for its servers to answer/,
  dies: /died (?:[3-9]|\d\d+) times: it cannot read its model/, // more often where nobody looked in between
  countsRestarts: true,
};

let instances = 0;
const signal = new AbortController().signal;

/** An instance of its own; its version says how its servers behave. */
export function instanceOf(artifact: Digest, change: Partial<InstanceSpec> = {}): InstanceSpec {
  return {
    name: `m${++instances}-1`,
    model: `m${instances}`,
    version: 'answers',
    artifact: { format: 'onnx', digest: artifact, bytes: 5, inputs: [{ name: 'distance', type: 'number' }] },
    features: [{ name: 'distance', type: 'number', nullable: false }],
    replicas: 1,
    rowsMax: 100,
    keyHeader: null,
    readySecondsMax: 60,
    ...change,
  };
}

/** What every adapter of Serving promises; called once per adapter, on the real thing. */
export function describeServing(name: string, start: () => Promise<ServingInTest>, platform = processes): void {
  describe(`${name} serves`, () => {
    const rows = [{ distance: 1 }, { distance: 2 }];

    test('an instance that is asked for twice is one, and every replica answers', async () => {
      const { serving, store, place } = await start();
      const spec = instanceOf(await store.put(Buffer.from('model')), { ...place, replicas: 2, rowsMax: 1 });
      const [first, again] = [await serving.prepare(spec, signal), await serving.prepare(spec, signal)];
      expect(again).toEqual(first);
      expect(first.replicas).toHaveLength(2);
      expect(new Set(first.replicas.map(({ address }) => address)).size).toBe(2);
      expect(await serving.ask(spec.name, rows, signal)).toEqual([
        [0.5, 0.5],
        [0.5, 0.5],
      ]);
      expect((await serving.list(spec.model)).map(({ name: found }) => found)).toEqual([spec.name]);
      await serving.retire(spec.name, 1);
    });

    test('the same name with another spec is a conflict, and what runs goes on', async () => {
      const { serving, store, place } = await start();
      const spec = instanceOf(await store.put(Buffer.from('model')), place);
      await serving.prepare(spec, signal);
      await expect(serving.prepare({ ...spec, rowsMax: 7 }, signal)).rejects.toMatchObject({ type: 'InstanceConflict' });
      expect(await serving.ask(spec.name, rows, signal)).toEqual([[0.5, 0.5]]);
      await serving.retire(spec.name, 1);
    });

    test.for<[version: string, type: string, words: RegExp]>([
      ['is never ready', 'InstanceNotReady', platform.neverReady],
      ['dies', 'InstanceNotReady', platform.dies],
    ])('one that %s does not get ready', async ([version, type, words]) => {
      const { serving, store, place } = await start();
      const spec = instanceOf(await store.put(Buffer.from('model')), { ...place, version, readySecondsMax: version === 'dies' ? 60 : 2 });
      await expect(serving.prepare(spec, signal)).rejects.toMatchObject({ type, message: expect.stringMatching(words) });
      await serving.retire(spec.name, 1);
    });

    test.for<[version: string, words: RegExp]>([
      ['refuses', /expected answers, found 400: .*expected text, found 3/],
      ['answers too few', /expected 2 answers, found 1/],
      ['answers another output', /expected an output named probability/],
    ])('one that %s is refused in its own words', async ([version, words]) => {
      const { serving, store, place } = await start();
      const spec = instanceOf(await store.put(Buffer.from('model')), { ...place, version });
      await serving.prepare(spec, signal);
      await expect(serving.ask(spec.name, rows, signal)).rejects.toMatchObject({
        type: 'InstanceRefused',
        message: expect.stringMatching(words),
      });
      await serving.retire(spec.name, 1);
    });

    test('an artifact that is not there is no instance', async () => {
      const { serving, place } = await start();
      const spec = instanceOf(`sha256:${'0'.repeat(64)}`, place);
      await expect(serving.prepare(spec, signal)).rejects.toMatchObject({ type: 'EvidenceMissing' });
      expect(await serving.describe(spec.name)).toBeNull();
    });

    test.runIf(platform.countsRestarts)(
      'a server that crashes is started again at the same address, and the crash is counted',
      async () => {
        const { serving, store, place, crash } = await start();
        const spec = instanceOf(await store.put(Buffer.from('model')), place);
        const [before] = (await serving.prepare(spec, signal)).replicas;
        await crash(spec.name);
        await expect.poll(async () => (await serving.describe(spec.name))?.replicas[0]?.restarts, { timeout: 60_000 }).toBe(1);
        await serving.prepare(spec, signal); // ready again
        expect((await serving.describe(spec.name))?.replicas).toEqual([{ ...before, restarts: 1 }]);
        await serving.retire(spec.name, 1);
      },
    );

    test('what is retired answers no more, and retiring it again is fine', async () => {
      const { serving, store, place } = await start();
      const spec = instanceOf(await store.put(Buffer.from('model')), place);
      const { replicas } = await serving.prepare(spec, signal);
      await serving.retire(spec.name, 1);
      await serving.retire(spec.name, 1);
      await serving.retire('never-was', 1);
      expect(await serving.describe(spec.name)).toBeNull();
      await expect(fetch(`http://${replicas[0]!.address}/v2/health/ready`)).rejects.toThrow();
    });
  });
}
