import type { Digest } from '../../domain/digest.js';
import { RatchetError } from '../../domain/failure.js';
import type { ModelRegistry, RegisteredVersion, RegisterRequest, RegistryAlias } from '../../ports/model-registry.js';
import { createMlflowApi } from './mlflow-api.js';
import type { MlflowApiOptions } from './mlflow-api.js';

/** MLflow does not refuse a second version of the same thing: this tag is how we know ours. */
const digestTag = 'ratchet.candidate_digest';

/** Model versions in an MLflow tracking server (3.x). */
export function createMlflowModelRegistry(options: MlflowApiOptions): ModelRegistry {
  const api = createMlflowApi(options);
  return { register, setAlias, deleteAlias, getAlias };

  async function register(request: RegisterRequest): Promise<RegisteredVersion> {
    const found = await findVersion(request.name, request.candidateDigest);
    if (found) return found;
    await createModel(request.name);
    const created = await createVersion(request);
    // Somebody may have registered the same candidate meanwhile: all take the lowest number, the others take theirs away.
    const agreed = await findVersion(request.name, request.candidateDigest);
    if (!agreed) throw refused(request.name, `version ${created} with the tag ${digestTag}, which was just registered`, 'none');
    if (agreed.registryVersion !== created) await api.call('DELETE', 'model-versions/delete', { name: request.name, version: created });
    return agreed;
  }

  /** The lowest version with this digest; null where there is none. */
  async function findVersion(name: string, digest: Digest): Promise<RegisteredVersion | null> {
    const filter = `name = '${checkName(name)}' and tags.\`${digestTag}\` = '${digest}'`;
    const answer = await api.call('GET', 'model-versions/search', { filter, max_results: 1000 });
    const versions = (Array.isArray(answer?.model_versions) ? answer.model_versions : []).map(readVersion);
    return versions.sort((a, b) => Number(a.registryVersion) - Number(b.registryVersion))[0] ?? null;
  }

  async function createModel(name: string): Promise<void> {
    try {
      await api.call('POST', 'registered-models/create', {
        name,
        description: 'Kept by Ratchet: its ledger decides which version is champion.',
      });
    } catch (error) {
      if (!isRefusal(error, 'RESOURCE_ALREADY_EXISTS')) throw error;
    }
  }

  async function createVersion({ name, candidateDigest, source, mlflowRunId, description, tags }: RegisterRequest): Promise<string> {
    const all = { ...tags, 'ratchet.source': source, [digestTag]: candidateDigest };
    const answer = await api.call('POST', 'model-versions/create', {
      name,
      source: mlflowSource(source, candidateDigest),
      description,
      ...(mlflowRunId !== null && { run_id: mlflowRunId }),
      tags: Object.entries(all).map(([key, value]) => ({ key, value })),
    });
    if (!answer) throw refused(name, 'the model, which was just looked for', 'none');
    return readVersion(answer.model_version).registryVersion;
  }

  async function setAlias(name: string, alias: RegistryAlias, registryVersion: string): Promise<void> {
    const answer = await api.call('POST', 'registered-models/alias', { name, alias, version: registryVersion });
    if (!answer) throw refused(name, `version ${registryVersion}, to be ${alias}`, 'no such version');
  }

  async function deleteAlias(name: string, alias: RegistryAlias): Promise<void> {
    await api.call('DELETE', 'registered-models/alias', { name, alias });
  }

  async function getAlias(name: string, alias: RegistryAlias): Promise<RegisteredVersion | null> {
    try {
      // The alias itself: a search for versions leaves aliases out.
      const answer = await api.call('GET', 'registered-models/alias', { name, alias });
      return answer && readVersion(answer.model_version);
    } catch (error) {
      if (isRefusal(error, 'INVALID_PARAMETER_VALUE') && /alias .*not found/i.test(error.message)) return null;
      throw error;
    }
  }

  function refused(name: string, expected: string, found: string): RatchetError {
    return new RatchetError('RegistryRefused', `MLflow ${api.address}, model ${name}: expected ${expected}, found ${found}`);
  }
}

/**
 * MLflow refuses files as a source unless they lie in its own artifacts. Those of our store are named by their key; the tag
 * `ratchet.source` has the whole address.
 */
function mlflowSource(source: string, digest: Digest): string {
  if (!source.startsWith('file:')) return source;
  const key = /objects\/sha256\/.*$/.exec(source)?.[0] ?? digest.replace(':', '/');
  return `ratchet:/${key}`;
}

function readVersion(found: unknown): RegisteredVersion {
  const { version, tags } = (found ?? {}) as { version?: unknown; tags?: { key: string; value: string }[] };
  if (typeof version !== 'string' && typeof version !== 'number')
    throw new RatchetError('RegistryRefused', `MLflow: expected a model version, found ${JSON.stringify(found)?.slice(0, 200)}`);
  return { registryVersion: String(version), tags: Object.fromEntries((tags ?? []).map(({ key, value }) => [key, value])) };
}

function isRefusal(error: unknown, code: string): error is RatchetError {
  return error instanceof RatchetError && error.type === 'RegistryRefused' && error.detail === code;
}

/** It stands between quotes in a filter. */
function checkName(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._ -]*$/.test(name)) return name;
  throw new RatchetError(
    'RegistryRefused',
    `model name: expected letters, digits, ".", "_" and "-", found ${JSON.stringify(name.slice(0, 200))}`,
  );
}
