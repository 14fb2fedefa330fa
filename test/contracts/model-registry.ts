import { describe, expect, test } from 'vitest';
import { digestOfBytes } from '../../src/domain/digest.js';
import type { ModelRegistry, RegisterRequest } from '../../src/ports/model-registry.js';

let uniqueNumber = 1;

/** A request for a model of its own. */
export function registerRequest(changes: Partial<RegisterRequest> = {}): RegisterRequest {
  const name = changes.name ?? `flight-lateness-${uniqueNumber++}`;
  const candidateDigest = changes.candidateDigest ?? digestOfBytes(`candidate of ${name}`);
  const hex = candidateDigest.slice('sha256:'.length);
  return {
    name,
    candidateDigest,
    source: `file:///home/somebody/with space/.ratchet/store/objects/sha256/${hex.slice(0, 2)}/${hex}`,
    mlflowRunId: null,
    description: 'Challenger of cycle 7',
    tags: { 'ratchet.version': `${name}-7+data.01234567.code.89abcdef.config.00112233`, 'ratchet.dataset_digest': digestOfBytes('data') },
    ...changes,
  };
}

/** What every registry keeps. */
export function describeModelRegistry(name: string, open: () => ModelRegistry) {
  describe(`${name} model registry`, () => {
    test('registers a version with its tags, and finds it again when it is asked again', async () => {
      const registry = open();
      const request = registerRequest();
      const first = await registry.register(request);
      expect(first.tags).toMatchObject({ ...request.tags, 'ratchet.candidate_digest': request.candidateDigest });
      expect(await registry.register(request)).toEqual(first);
    });

    test('gives another candidate another version', async () => {
      const registry = open();
      const request = registerRequest();
      const first = await registry.register(request);
      const second = await registry.register({ ...request, candidateDigest: digestOfBytes('another') });
      expect(Number(second.registryVersion)).toBeGreaterThan(Number(first.registryVersion));
      expect(await registry.register(request)).toEqual(first);
    });

    test('answers all who register the same candidate at once with the same version', async () => {
      const registry = open();
      const request = registerRequest();
      const versions = await Promise.all(Array.from({ length: 8 }, () => registry.register(request)));
      expect(new Set(versions.map(({ registryVersion }) => registryVersion)).size).toBe(1);
    });

    test('takes the same bytes under two names for two models', async () => {
      const registry = open();
      const request = registerRequest();
      const other = registerRequest({ candidateDigest: request.candidateDigest });
      await registry.register(request);
      expect((await registry.register(other)).tags['ratchet.version']).toBe(other.tags['ratchet.version']);
    });

    test('moves an alias, reads it back, and takes it away as often as it is asked', async () => {
      const registry = open();
      const request = registerRequest();
      const first = await registry.register(request);
      const second = await registry.register({ ...request, candidateDigest: digestOfBytes('second') });
      await registry.setAlias(request.name, 'champion', first.registryVersion);
      await registry.setAlias(request.name, 'challenger', second.registryVersion);
      await registry.setAlias(request.name, 'champion', second.registryVersion);
      await registry.setAlias(request.name, 'champion', second.registryVersion);
      const held = await registry.getAlias(request.name, 'champion');
      expect(held).toMatchObject({
        registryVersion: second.registryVersion,
        tags: { 'ratchet.candidate_digest': digestOfBytes('second') },
      });
      await registry.deleteAlias(request.name, 'challenger');
      await registry.deleteAlias(request.name, 'challenger');
      expect(await registry.getAlias(request.name, 'challenger')).toBeNull();
      expect((await registry.getAlias(request.name, 'champion'))?.registryVersion).toBe(second.registryVersion);
    });

    test('answers null for an alias that nobody has, and for a model that nobody knows', async () => {
      const registry = open();
      const request = registerRequest();
      await registry.register(request);
      expect(await registry.getAlias(request.name, 'champion')).toBeNull();
      expect(await registry.getAlias('never-registered', 'champion')).toBeNull();
      await registry.deleteAlias('never-registered', 'champion');
    });

    test('refuses an alias on a version that is not there', async () => {
      const registry = open();
      const request = registerRequest();
      await registry.register(request);
      await expect(registry.setAlias(request.name, 'champion', '99')).rejects.toMatchObject({ type: 'RegistryRefused', class: 'invalid' });
    });

    test('refuses a name that would not stay one in a query', async () => {
      const request = registerRequest({ name: "x' or name != '" });
      await expect(open().register(request)).rejects.toMatchObject({ type: 'RegistryRefused' });
    });
  });
}
