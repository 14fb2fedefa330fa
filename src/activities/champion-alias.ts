import { Candidate, type ModelVersion } from '../domain/candidate.js';
import type { Digest } from '../domain/digest.js';
import { RatchetError } from '../domain/failure.js';
import type { LedgerState } from '../domain/ledger.js';
import { ModelSpec, type RegistryKind } from '../domain/model-spec.js';
import { objectKey } from '../domain/object-key.js';
import type { ModelRegistry, RegisteredVersion, RegisterRequest } from '../ports/model-registry.js';
import type { ObjectStore } from '../ports/object-store.js';
import { getDocument } from './documents.js';
import type { Ledger } from './ledger.js';

const DIGEST_TAG = 'ratchet.candidate_digest';

export interface ChampionAliasPorts {
  readonly store: ObjectStore;
  readonly ledger: Ledger;
  readonly registryOf: (kind: RegistryKind) => ModelRegistry;
}

/** Where the versions of a spec are registered. */
export interface RegistryPlace {
  readonly kind: RegistryKind;
  readonly name: string;
}

/** What the alias was found at, and what it should be at. */
export interface AliasFault {
  readonly place: RegistryPlace;
  readonly held: RegisteredVersion | null;
}

export function registryPlace(model: string, { registry }: ModelSpec['spec']): RegistryPlace {
  return { kind: registry.kind, name: registry.name ?? model };
}

/**
 * Whether a registry's version is this one. Numbers begin anew under another name and in a registry that was lost: what is
 * the same is the candidate.
 */
export function isSameVersion(held: RegisteredVersion | null, { candidateDigest }: ModelVersion): boolean {
  return held?.tags[DIGEST_TAG] === candidateDigest;
}

/** What a version is registered with; asked again in a year, it is the same. */
export function registerRequestOf(
  store: ObjectStore,
  name: string,
  candidate: Candidate,
  { candidateDigest, version, mlflowRunId }: Pick<ModelVersion, 'candidateDigest' | 'version' | 'mlflowRunId'>,
): RegisterRequest {
  return {
    name,
    candidateDigest,
    source: `${store.uri}/${objectKey(candidate.modelDigest)}`,
    mlflowRunId,
    description: `${version}, judged in cycle ${candidate.cycle}`,
    tags: {
      'ratchet.version': version,
      'ratchet.cycle': String(candidate.cycle),
      [DIGEST_TAG]: candidateDigest,
      'ratchet.model_digest': candidate.modelDigest,
      'ratchet.dataset_digest': candidate.datasetDigest,
      'ratchet.code_digest': candidate.codeDigest,
      'ratchet.config_digest': candidate.configDigest,
      'ratchet.policy_digest': candidate.policyDigest,
      ...(candidate.commit === undefined ? {} : { 'ratchet.commit': candidate.commit }),
      'ratchet.baseline_digest': candidate.baseline.championDigest ?? 'none',
      ...Object.fromEntries(Object.entries(candidate.evidence).map(([stage, digest]) => [`ratchet.evidence.${stage}`, digest])),
    },
  };
}

/** The registry's alias `champion`, held against a version of the ledger. */
export function createChampionAlias({ store, ledger, registryOf }: ChampionAliasPorts) {
  /** Of each model's champion: what a cycle was started with never changes. */
  const places = new Map<string, RegistryPlace & { readonly cycle: number }>();
  return { look, bring, leaveOthers };

  /** What is not as it should be; null: nothing. @throws {RatchetError} of the registry, the ledger or the store */
  async function look(model: string, champion: ModelVersion): Promise<AliasFault | null> {
    const place = await placeOf(model, champion);
    const held = await registryOf(place.kind).getAlias(place.name, 'champion');
    return isSameVersion(held, champion) ? null : { place, held };
  }

  /**
   * Moves the alias to this version and reads it back; one that is missing in the registry is registered again. Safe at any time.
   * @throws {RatchetError} RegistryUnavailable: another one is there afterwards; or of the registry, the ledger or the store
   */
  async function bring(model: string, champion: ModelVersion): Promise<RegisteredVersion & RegistryPlace> {
    const place = await placeOf(model, champion);
    const registry = registryOf(place.kind);
    const before = await registry.getAlias(place.name, 'champion');
    if (before !== null && isSameVersion(before, champion)) return { ...before, ...place };
    const candidate = await getDocument(store, Candidate, 'candidate', champion.candidateDigest);
    const registered = await registry.register(registerRequestOf(store, place.name, candidate, champion));
    await registry.setAlias(place.name, 'champion', registered.registryVersion);
    const found = await registry.getAlias(place.name, 'champion');
    if (found !== null && isSameVersion(found, champion)) return { ...found, ...place };
    throw new RatchetError(
      'RegistryUnavailable',
      `alias champion of ${place.name}: expected version ${registered.registryVersion} after setting it, found ${found?.registryVersion ?? 'none'}`,
      { remedy: 'somebody else moves this alias: the ledger is the truth and it is set again' },
    );
  }

  /**
   * Takes the alias away where another version of the model has it: where the one before was registered, or where a file in
   * force registers what comes next. Whoever loads "the champion" there would get one that is not. A registry or a document that
   * is not there any more holds nothing up.
   */
  async function leaveOthers(model: string, state: LedgerState): Promise<void> {
    const { champion, previousChampion, specDigest } = state;
    if (champion === null) return;
    const own = await placeOf(model, champion);
    const inForce = async (digest: Digest) => registryPlace(model, (await getDocument(store, ModelSpec, 'spec', digest)).spec);
    const others = [
      ...(previousChampion === null ? [] : [startPlace(model, previousChampion)]),
      ...(specDigest === null ? [] : [inForce(specDigest)]),
    ];
    const looks = others.map((place) => leave(model, state, own, place));
    for (const result of await Promise.allSettled(looks))
      if (result.status === 'rejected' && !(result.reason instanceof RatchetError)) throw result.reason;
  }

  async function leave(model: string, { champion, generation }: LedgerState, own: RegistryPlace, place: Promise<RegistryPlace>) {
    const { kind, name } = await place;
    if (kind === own.kind && name === own.name) return;
    const registry = registryOf(kind);
    const held = await registry.getAlias(name, 'champion');
    if (held === null || isSameVersion(held, champion!)) return;
    const records = await ledger.readRecords(model);
    const isOurs = records.some(({ body }) => body.kind === 'promoted' && isSameVersion(held, body.version));
    // Somebody may have been promoted there meanwhile.
    if (isOurs && records.at(-1)?.after.generation === generation) await registry.deleteAlias(name, 'champion');
  }

  /** Where its cycle registered it, whatever spec is in force now. */
  async function placeOf(model: string, { cycle }: ModelVersion): Promise<RegistryPlace> {
    const known = places.get(model);
    if (known?.cycle === cycle) return known;
    const place = { ...(await startPlace(model, { cycle })), cycle };
    places.set(model, place);
    return place;
  }

  async function startPlace(model: string, { cycle }: Pick<ModelVersion, 'cycle'>): Promise<RegistryPlace> {
    const [record] = await ledger.readRecords(model, { from: cycle, to: cycle });
    if (record?.body.kind !== 'cycle-started')
      throw new RatchetError('LedgerBroken', `ledger of ${model}: expected the start of cycle ${cycle} in record ${cycle}, found another`);
    const { spec } = await getDocument(store, ModelSpec, 'spec', record.body.specDigest);
    return registryPlace(model, spec);
  }
}
