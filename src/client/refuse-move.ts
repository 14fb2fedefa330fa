import { RatchetError } from '../domain/failure.js';
import type { ModelSpec } from '../domain/model-spec.js';
import { placeInWords, placeOfRoute, type RoutePlace } from '../domain/serving-cluster.js';
import type { ObjectStore } from '../ports/object-store.js';
import { readHead, readRecord, readSpec } from './ledger-view.js';

/**
 * A model that is served stays where it is: its callers ask there, and no router divides requests between two places. Told
 * when the file is applied, and not when a challenger that was trained and signed is to get its first request.
 * @throws {RatchetError} SpecInvalid: names both places
 */
export async function refuseMove(store: ObjectStore, { metadata: { name }, spec: { serving } }: ModelSpec): Promise<void> {
  const state = (await readHead(store, name))?.after;
  if (serving === undefined || state?.champion == null) return;
  const before = await servedBy(store, name, state.champion.cycle);
  if (before === undefined) return;
  const [from, to] = [placeOfRoute(before.cluster), placeOfRoute(serving.cluster)];
  if (isSamePlace(from, to)) return;
  throw new RatchetError('SpecInvalid', `spec.serving.cluster: expected ${inWords(from)}, where ${name} is served, found ${inWords(to)}`, {
    remedy: 'a model that is served stays where it is: serve it there under another metadata.name, and let its callers move',
  });
}

/** As the champion's cycle was started with: the file in force may say nothing of it any more. Where that cannot be read, the router knows. */
async function servedBy(store: ObjectStore, model: string, cycle: number): Promise<ModelSpec['spec']['serving']> {
  try {
    const body = (await readRecord(store, model, cycle))?.body;
    return body?.kind === 'cycle-started' ? (await readSpec(store, body.specDigest)).spec.serving : undefined;
  } catch (error) {
    if (!(error instanceof RatchetError) || !['EvidenceMissing', 'EvidenceCorrupt'].includes(error.type)) throw error;
    return undefined;
  }
}

/** Its gateway and hosts may change: they are in one object, and change at once. */
function isSamePlace(from: RoutePlace | undefined, to: RoutePlace | undefined): boolean {
  if (from === undefined || to === undefined) return from === to;
  if (from.kind === 'sagemaker' || to.kind === 'sagemaker') return from.kind === to.kind;
  // Where only one names it, the other may mean the same: the worker knows, and refuses.
  const isSameNamespace = from.namespace === undefined || to.namespace === undefined || from.namespace === to.namespace;
  return from.router.kind === to.router.kind && isSameNamespace;
}

function inWords(place: RoutePlace | undefined): string {
  if (place === undefined) return 'the worker’s machine';
  return place.kind === 'sagemaker' ? 'an endpoint of SageMaker' : `kubernetes by ${placeInWords(place)}`;
}
