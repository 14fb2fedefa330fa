import { Client, Connection } from '@temporalio/client';
import type { ConnectionOptions } from '@temporalio/client';
import { RatchetError } from '../domain/failure.js';

export interface TemporalAddress {
  /** Address, TLS, API key, headers: as @temporalio/envconfig reads them. */
  readonly connection: ConnectionOptions;
  readonly namespace: string;
  /** Who named this server, for the message where it does not answer. */
  readonly namedBy: string;
}

/** @throws {RatchetError} Unexpected: nobody answers there, or not with this key or certificate. */
export async function connectTemporal({ connection, namespace, namedBy }: TemporalAddress, timeoutSeconds = 10): Promise<Client> {
  try {
    const open = await Connection.connect({ ...connection, connectTimeout: timeoutSeconds * 1000 });
    return new Client({ connection: open, namespace });
  } catch (error) {
    const address = connection.address ?? '127.0.0.1:7233';
    throw new RatchetError('Unexpected', `the Temporal server at ${address} (${namedBy}) does not answer`, {
      remedy: 'start a stack with `ratchet up`, or correct the address',
      cause: error,
    });
  }
}

export type TemporalClient = Client;

/** `<cluster id>/<namespace>`: as workers of this server name themselves in ledgers. */
export async function ledgerOwner(client: Client): Promise<string> {
  const { clusterId } = await client.workflowService.getClusterInfo({});
  return `${clusterId}/${client.options.namespace}`;
}
