import { putDocument } from '../../src/activities/documents.js';
import type { Ledger } from '../../src/activities/ledger.js';
import type { Digest } from '../../src/domain/digest.js';
import type { Stage } from '../../src/domain/evidence.js';
import type { ObjectStore } from '../../src/ports/object-store.js';
import { modelSpec, type SpecChange } from '../../test/fakes/model-file.js';

export interface LoopModel {
  readonly specDigest: Digest;
  readonly codeDigest: Digest;
}

/** A small model's spec and code in the store. */
export async function putModel(store: ObjectStore, name: string, change: SpecChange): Promise<LoopModel> {
  const bundle = async (path: string): Promise<Digest> =>
    putDocument(store, { files: [{ path, digest: await store.put(Buffer.from(path)) }] });
  return {
    specDigest: await putDocument(store, modelSpec(name, change)),
    codeDigest: await putDocument(store, { source: await bundle('rows.py'), trainer: await bundle('train.py') }),
  };
}

/** The `cycle-started` record that a cycle needs to run. @returns the cycle's number */
export async function startRecord(
  ledger: Ledger,
  model: string,
  { specDigest, codeDigest }: LoopModel,
  { key, asOf, cites = {} }: { key: string; asOf: string; cites?: Partial<Record<Stage, Digest>> },
): Promise<number> {
  const { seq } = await ledger.append({
    model,
    key: `${key}/cycle-started`,
    body: {
      kind: 'cycle-started',
      trigger: { key, kind: 'person', requestedBy: 'bench', reason: '' },
      asOf,
      specDigest,
      codeDigest,
      cites,
    },
    expects: { openCycle: null },
    at: new Date().toISOString(),
  });
  return seq;
}
