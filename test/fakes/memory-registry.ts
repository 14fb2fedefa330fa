import { RatchetError } from '../../src/domain/failure.js';
import type { ModelRegistry, RegisterRequest, RegistryAlias } from '../../src/ports/model-registry.js';

export interface MemoryRegistry extends ModelRegistry {
  readonly versions: Map<string, RegisterRequest[]>;
  readonly aliases: Map<string, string>;
  /** The next so many calls for this registered model are answered "unavailable". */
  fail(name: string, calls: number): void;
}

/** A registry in memory that can be down. */
export function createMemoryRegistry(): MemoryRegistry {
  const versions = new Map<string, RegisterRequest[]>();
  const aliases = new Map<string, string>();
  const faults = new Map<string, number>();
  return {
    versions,
    aliases,
    fail: (name, calls) => void faults.set(name, calls),
    async register(request) {
      answer(request.name);
      const known = versions.get(request.name) ?? [];
      const index = known.findIndex((version) => version.candidateDigest === request.candidateDigest);
      if (index < 0) versions.set(request.name, [...known, request]);
      return { registryVersion: String(index < 0 ? known.length + 1 : index + 1), tags: request.tags };
    },
    async setAlias(name, alias, registryVersion) {
      answer(name);
      aliases.set(keyOf(name, alias), registryVersion);
    },
    async deleteAlias(name, alias) {
      answer(name);
      aliases.delete(keyOf(name, alias));
    },
    async getAlias(name, alias) {
      answer(name);
      const registryVersion = aliases.get(keyOf(name, alias));
      if (registryVersion === undefined) return null;
      return { registryVersion, tags: versions.get(name)?.[Number(registryVersion) - 1]?.tags ?? {} };
    },
  };

  function answer(name: string): void {
    const left = faults.get(name) ?? 0;
    if (left === 0) return;
    faults.set(name, left - 1);
    throw new RatchetError('RegistryUnavailable', `registry: no answer for ${name}`);
  }
}

function keyOf(name: string, alias: RegistryAlias): string {
  return `${name}@${alias}`;
}
