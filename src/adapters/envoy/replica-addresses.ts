import { RatchetError } from '../../domain/failure.js';
import type { RouteState } from './route-state.js';

type Addresses = RouteState['addresses'];
type AddressesOf = (instance: string) => Promise<readonly string[]>;

/** @throws {RatchetError} RouterUnavailable, naming the instance that cannot be found or has no replica */
export async function addressesOfAll(instances: readonly string[], addressesOf: AddressesOf): Promise<Addresses> {
  const entries = await Promise.all(
    instances.map(async (instance): Promise<[string, string[]]> => {
      const unknown = (found: string, cause?: unknown): RatchetError =>
        new RatchetError('RouterUnavailable', `instance ${instance}: expected addresses of its replicas, found ${found}`, { cause });
      const addresses = await addressesOf(instance).catch((error: unknown) => {
        throw unknown(error instanceof Error ? error.message : String(error), error);
      });
      if (addresses.length === 0) throw unknown('none');
      return [instance, [...addresses]];
    }),
  );
  return Object.fromEntries(entries);
}

/** An instance that is gone keeps its last addresses: the others must not wait for it. */
export async function addressesWhereKnown(addresses: Addresses, addressesOf: AddressesOf): Promise<Addresses> {
  const asked = Object.entries(addresses).map(async ([instance, last]): Promise<[string, string[]]> => {
    const now = await addressesOf(instance).catch(() => []);
    return [instance, now.length === 0 ? last : [...now]];
  });
  return Object.fromEntries(await Promise.all(asked));
}
