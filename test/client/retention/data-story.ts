import { createLedger } from '../../../src/activities/ledger.js';
import { canonicalJson, type Digest } from '../../../src/domain/digest.js';
import type { LedgerBody } from '../../../src/domain/ledger.js';
import type { ObjectStore } from '../../../src/ports/object-store.js';
import { createMemorySigner } from '../../fakes/memory-signer.js';
import { modelSpec, type SpecChange } from '../../fakes/model-file.js';
import { cycleEnded, cycleStarted, judged, named, promoted, version } from '../../ledger/sample-bodies.js';

/** Writes what models of the past left in a store: a ledger, specs, and snapshots with their files. */
export function createDataStory(store: ObjectStore) {
  const signer = createMemorySigner();
  const put = (document: unknown): Promise<Digest> => store.put(Buffer.from(canonicalJson(document), 'utf8'));
  return { modelNamed, put };

  function modelNamed(model: string, { retention = { snapshotDays: 30, cyclesMin: 1 } } = {}) {
    const ledger = createLedger({ store, signer, owner: 'local/default' });
    const append = async (key: string, at: string, body: LedgerBody): Promise<number> =>
      (await ledger.append({ model, key: `${key}/${body.kind}`, body, expects: {}, at })).seq;
    return { apply, start, run, append };

    async function apply(at: string, change: SpecChange = {}): Promise<Digest> {
      const specDigest = await put(modelSpec(model, { retention, ...change }));
      await append(`apply ${at}`, at, { kind: 'spec-applied', specDigest, codeDigest: named('code'), requestedBy: 'ana' });
      return specDigest;
    }

    /** Opens a cycle that sees the 90 days before `asOf`. @returns its number */
    async function start(at: string, asOf = at): Promise<number> {
      const specDigest = await put(modelSpec(model, { retention }));
      return append(`t ${at}`, at, { ...cycleStarted(`t ${at}`), asOf, specDigest });
    }

    /** A whole cycle whose snapshot has a file with each of these contents. @returns its number */
    async function run(at: string, contents: readonly string[], { isPromoted = false } = {}): Promise<number> {
      const cycle = await start(at);
      const window = { start: '2020-01-01T00:00:00Z', end: at };
      const file = async (text: string) => ({
        part: 'train',
        digest: await store.put(Buffer.from(text)),
        bytes: text.length,
        rows: 1,
        window,
      });
      const files = await Promise.all(contents.map(file));
      const dataset = { files, rows: 1, columns: [], window, timeRange: { min: window.start, max: window.start } };
      const datasetDigest = await put(dataset);
      const body = { datasetDigest, dataset };
      const work = { kind: 'evidence', stage: 'snapshot', model, cycle, inputDigest: named(`work ${cycle}`), from: {}, job: null };
      const snapshot = await put({ ...work, body });
      if (isPromoted) {
        await append(`${cycle}`, at, judged(cycle));
        await append(`${cycle}`, at, promoted(cycle, { version: { ...version(cycle), datasetDigest } }));
      }
      const outcome = isPromoted ? {} : ({ outcome: 'rejected', stage: 'judge' } as const);
      await append(`${cycle}`, at, cycleEnded(cycle, { ...outcome, evidence: { snapshot } }));
      return cycle;
    }
  }
}
