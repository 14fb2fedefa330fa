import { Client, Connection, isGrpcServiceError } from '@temporalio/client';
import type { ConnectionOptions } from '@temporalio/client';
import { RatchetError } from '../domain/failure.js';

export interface TemporalAddress {
  /** Address, TLS, API key, headers: as @temporalio/envconfig reads them. */
  readonly connection: ConnectionOptions;
  readonly namespace: string;
  /** Who named this server, for the message where it does not answer. */
  readonly namedBy: string;
}

const GRPC_NOT_FOUND = 5;

/**
 * @throws {RatchetError} Unexpected: nobody answers there, or not with this key or certificate. InputInvalid: the server has no such
 * namespace
 */
export async function connectTemporal({ connection, namespace, namedBy }: TemporalAddress, timeoutSeconds = 10): Promise<Client> {
  const address = connection.address ?? '127.0.0.1:7233';
  const open = await connect({ ...connection, connectTimeout: timeoutSeconds * 1000 }, `${address} (${namedBy})`);
  try {
    await open.withDeadline(Date.now() + timeoutSeconds * 1000, () => open.workflowService.describeNamespace({ namespace }));
  } catch (error) {
    // Any other answer (a key that may not ask) says nothing about what is to be done there.
    if (isGrpcServiceError(error) && error.code === GRPC_NOT_FOUND) {
      await open.close();
      throw new RatchetError('InputInvalid', `expected a namespace of the Temporal server at ${address}, found ${namespace}`, {
        remedy: 'correct TEMPORAL_NAMESPACE or that of the profile, or make it with `temporal operator namespace create`',
        cause: error,
      });
    }
  }
  return new Client({ connection: open, namespace });
}

async function connect(options: ConnectionOptions, server: string): Promise<Connection> {
  try {
    return await Connection.connect(options);
  } catch (error) {
    throw new RatchetError('Unexpected', `the Temporal server at ${server} does not answer`, {
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
