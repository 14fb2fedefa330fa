import type { Digest } from '../domain/digest.js';
import { RatchetError } from '../domain/failure.js';
import type { ModelSpec } from '../domain/model-spec.js';
import { placeInWords, placeOfRoute, type RoutePlace } from '../domain/serving-cluster.js';
import type { ObjectStore } from '../ports/object-store.js';
import { readHead, readRecord, readSpec } from './ledger-view.js';

/**
 * A model that is served stays where it is, by the file in force and by the one that its champion came by: its callers ask there, and no router divides requests between two places. Told
 * when the file is applied, and not when a challenger that was trained and signed is to get its first request.
 * @throws {RatchetError} SpecInvalid: names both places
 */
export async function refuseMove(store: ObjectStore, { metadata: { name }, spec: { serving } }: ModelSpec): Promise<void> {
  const state = (await readHead(store, name))?.after;
  if (serving === undefined || state?.champion == null) return;
  const body = (await readRecord(store, name, state.champion.cycle))?.body;
  const specDigests = [body?.kind === 'cycle-started' ? body.specDigest : null, state.specDigest];
  const served = await Promise.all(specDigests.map((digest) => servingOf(store, digest)));
  const to = placeOfRoute(serving.cluster);
  const before = served.find((each) => each !== undefined && !isSamePlace(placeOfRoute(each.cluster), to));
  if (before === undefined) return;
  const from = placeOfRoute(before.cluster);
  throw new RatchetError('SpecInvalid', `spec.serving.cluster: expected ${inWords(from)}, where ${name} is served, found ${inWords(to)}`, {
    remedy: 'a model that is served stays where it is: serve it there under another metadata.name, and let its callers move',
  });
}

/** Where it cannot be read, the router knows. */
async function servingOf(store: ObjectStore, specDigest: Digest | null): Promise<ModelSpec['spec']['serving']> {
  try {
    return specDigest === null ? undefined : (await readSpec(store, specDigest)).spec.serving;
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
