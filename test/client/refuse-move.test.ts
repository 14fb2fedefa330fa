import { expect, test } from 'vitest';
import { refuseMove } from '../../src/client/refuse-move.js';
import { documentBytes } from '../../src/domain/document.js';
import type { ModelSpec } from '../../src/domain/model-spec.js';
import { modelSpec, SERVED } from '../fakes/model-file.js';
import { createMemoryStore } from '../fakes/memory-store.js';
import { createChampionStory } from '../ledger/champion-story.js';
import { named } from '../ledger/sample-bodies.js';

const image = 'registry.example.com/ml/ratchet@sha256:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945';
const onKubernetes = (router: object, namespace?: string) => ({ kind: 'kubernetes', image, router, ...(namespace && { namespace }) });
const byGateway = { kind: 'gateway-api', gateway: { name: 'public' } };
const byIstio = { kind: 'istio', gateways: ['istio-ingress/public'], hosts: ['models.example.com'] };

/** The model `flights`, served there; null: on the worker's machine. undefined: it is not served. */
function served(cluster: object | null | undefined): ModelSpec {
  if (cluster === undefined) return modelSpec('flights');
  return modelSpec('flights', { ...SERVED, serving: cluster === null ? {} : { cluster } });
}

/** The file that the champion came by, or the one that stands where there is none. */
async function moveFrom(
  before: object | null | undefined,
  to: object | null | undefined,
  { hasChampion = true, isGone = false }: { hasChampion?: boolean; isGone?: boolean } = {},
): Promise<void> {
  const store = createMemoryStore();
  const story = createChampionStory({ store });
  const specDigest = await store.put(documentBytes(served(before)));
  await story.append('a', { kind: 'spec-applied', specDigest, codeDigest: named('code'), requestedBy: 'ana' });
  if (hasChampion) await story.promote('t1', undefined, { specDigest });
  const without = await store.put(documentBytes(served(undefined)));
  await story.append('b', { kind: 'spec-applied', specDigest: without, codeDigest: named('code'), requestedBy: 'ana' }); // in between
  if (isGone) await store.remove(specDigest);
  await refuseMove(store, served(to));
}

test.for<[name: string, before: object | null, to: object | null, words: RegExp]>([
  [
    'from the worker to a cluster',
    null,
    onKubernetes(byGateway),
    /expected the worker’s machine, where flights is served, found kubernetes/,
  ],
  ['from a cluster to the worker', onKubernetes(byGateway), null, /expected kubernetes .*found the worker’s machine/],
  [
    'to another kind of router',
    onKubernetes(byGateway),
    onKubernetes(byIstio),
    /expected kubernetes .*gateway-api.*found kubernetes .*istio/,
  ],
  [
    'to another namespace',
    onKubernetes(byGateway, 'a'),
    onKubernetes(byGateway, 'b'),
    /expected kubernetes .*\ba\b.*found kubernetes .*\bb\b/,
  ],
])('a model that is served does not move %s', async ([, before, to, words]) => {
  await expect(moveFrom(before, to)).rejects.toMatchObject({
    type: 'SpecInvalid',
    message: expect.stringMatching(words),
    remedy: expect.stringContaining('another metadata.name'),
  });
});

test.for<[name: string, before: object | null | undefined, to: object | null | undefined]>([
  ['its gateway', onKubernetes(byGateway), onKubernetes({ ...byGateway, gateway: { name: 'other' } })],
  ['its hosts', onKubernetes(byIstio), onKubernetes({ ...byIstio, hosts: ['other.example.com'] })],
  ['a namespace that only one file names, which the worker knows', onKubernetes(byGateway), onKubernetes(byGateway, 'a')],
  ['nothing', null, null],
  ['that it is served at all, and no longer', null, undefined],
  ['that it is served, which it was not', undefined, onKubernetes(byGateway)],
])('%s may change', async ([, before, to]) => {
  await expect(moveFrom(before, to)).resolves.toBeUndefined();
});

test('nor from where the file in force says, though the champion came by one that serves nothing', async () => {
  const store = createMemoryStore();
  const story = createChampionStory({ store });
  await story.promote('t1', undefined, { specDigest: await store.put(documentBytes(served(undefined))) });
  const specDigest = await store.put(documentBytes(served(null)));
  await story.append('a', { kind: 'spec-applied', specDigest, codeDigest: named('code'), requestedBy: 'ana' });
  await expect(refuseMove(store, served(onKubernetes(byGateway)))).rejects.toMatchObject({ type: 'SpecInvalid' });
});

test('a spec of the champion that is gone keeps nobody from applying another', async () => {
  await expect(moveFrom(null, onKubernetes(byGateway), { isGone: true })).resolves.toBeUndefined();
});

test('a model that has no champion yet, or no ledger, goes wherever its file says', async () => {
  await expect(moveFrom(null, onKubernetes(byGateway), { hasChampion: false })).resolves.toBeUndefined();
  await expect(refuseMove(createMemoryStore(), served(onKubernetes(byIstio)))).resolves.toBeUndefined();
});
