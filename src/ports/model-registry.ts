import type { Digest } from '../domain/digest.js';

export type RegistryAlias = 'champion' | 'challenger';

export interface RegisteredVersion {
  readonly registryVersion: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Versions with tags and aliases. A projection of the ledger: repaired towards it, never read as the truth. Adapters: mlflow, sagemaker. */
export interface ModelRegistry {
  /**
   * Registers a version, or finds the one that has this candidate digest: asked twice, it answers the same.
   * @throws {RatchetError} RegistryUnavailable (try again), RegistryRefused (for good)
   */
  register(request: RegisterRequest): Promise<RegisteredVersion>;
  setAlias(name: string, alias: RegistryAlias, registryVersion: string): Promise<void>;
  /** Taking away an alias that is not there succeeds. */
  deleteAlias(name: string, alias: RegistryAlias): Promise<void>;
  /** Which version has it; null where the alias or the model does not exist. */
  getAlias(name: string, alias: RegistryAlias): Promise<RegisteredVersion | null>;
}

export interface RegisterRequest {
  readonly name: string;
  readonly candidateDigest: Digest;
  /** Where the model file lies: object store URI. */
  readonly source: string;
  readonly mlflowRunId: string | null;
  readonly description: string;
  /** Every digest and the combined version. */
  readonly tags: Readonly<Record<string, string>>;
}
