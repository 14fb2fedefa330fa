import { CodeBundle, ModelCode } from '../domain/code.js';
import type { Digest } from '../domain/digest.js';
import type { Stage } from '../domain/evidence.js';
import { RatchetError } from '../domain/failure.js';
import type { LedgerBody, LedgerRecord, LedgerState } from '../domain/ledger.js';
import { ModelSpec } from '../domain/model-spec.js';
import type { ObjectStore } from '../ports/object-store.js';
import { getDocument } from './documents.js';
import type { Ledger } from './ledger.js';

/** Names a cycle and what it has so far; travels in every activity's payload. */
export interface CycleRef {
  readonly model: string;
  readonly cycle: number;
  readonly evidence: Readonly<Partial<Record<Stage, Digest>>>;
}

/** Everything that a cycle was started with, read from the ledger and the store: never from the spec in force today. */
export interface CycleContext {
  readonly model: string;
  readonly cycle: number;
  readonly started: Extract<LedgerBody, { kind: 'cycle-started' }>;
  /** The ledger's state at the start: champion, anchor, generation and comparisons that this cycle is judged against. */
  readonly baseline: LedgerState;
  readonly spec: ModelSpec;
  readonly code: { readonly source: CodeBundle; readonly trainer: CodeBundle };
}

interface CycleSources {
  readonly ledger: Ledger;
  readonly store: ObjectStore;
}

/** Contexts never change, so the last few are kept: a cycle asks for its own in every activity. */
const CONTEXTS_MAX = 64;
const contexts = new WeakMap<Ledger, Map<string, CycleContext>>();

/** @throws {RatchetError} CycleUnknown: no `cycle-started` record has this number. */
export async function loadCycle(sources: CycleSources, model: string, cycle: number): Promise<CycleContext> {
  const kept = contexts.get(sources.ledger) ?? new Map<string, CycleContext>();
  contexts.set(sources.ledger, kept);
  const name = `${model}/${cycle}`;
  const context = kept.get(name) ?? (await readCycle(sources, model, cycle));
  kept.delete(name);
  kept.set(name, context);
  const oldest = kept.keys().next().value;
  if (kept.size > CONTEXTS_MAX && oldest !== undefined) kept.delete(oldest);
  return context;
}

async function readCycle({ ledger, store }: CycleSources, model: string, cycle: number): Promise<CycleContext> {
  const record = await cycleRecord(ledger, model, cycle);
  const started = record?.body;
  if (record === undefined || started?.kind !== 'cycle-started') {
    throw new RatchetError(
      'CycleUnknown',
      `cycle ${cycle} of ${model}: expected record ${cycle} of its ledger to be cycle-started, found ${started?.kind ?? 'nothing'}`,
      {
        remedy: `start cycles with: ratchet trigger ${model}`,
      },
    );
  }
  const [spec, code] = await Promise.all([
    getDocument(store, ModelSpec, 'spec', started.specDigest),
    getDocument(store, ModelCode, 'code', started.codeDigest),
  ]);
  const [source, trainer] = await Promise.all([
    getDocument(store, CodeBundle, 'source code', code.source),
    getDocument(store, CodeBundle, 'trainer code', code.trainer),
  ]);
  return {
    model,
    cycle,
    started,
    baseline: record.after,
    spec,
    code: { source, trainer },
  };
}

async function cycleRecord(ledger: Ledger, model: string, cycle: number): Promise<LedgerRecord | undefined> {
  return (await ledger.readRecords(model, { from: cycle, to: cycle }))[0];
}
