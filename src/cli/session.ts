import type { Command } from 'commander';
import { pathToFileURL } from 'node:url';
import { connectTemporal } from '../client/connect-temporal.js';
import type { ModelHandle } from '../client/model-handle.js';
import { openModel } from '../client/model-handle.js';
import type { Endpoints } from '../config/endpoints.js';
import { readEndpoints } from '../config/endpoints.js';
import { temporalFromEndpoints, temporalFromEnvironment } from '../config/temporal-address.js';
import type { TemporalClient } from '../client/connect-temporal.js';
import type { ObjectStore } from '../ports/object-store.js';
import { openObjectStore } from '../workers/open-object-store.js';
import type { Cli } from './cli.js';
import { CommandError } from './explain-error.js';

/** A connection to a running stack. */
export interface Session {
  readonly client: TemporalClient;
  readonly store: ObjectStore;
  /** null where the server was named by the environment and this home has no stack. */
  readonly endpoints: Endpoints | null;
  model(name: string): ModelHandle;
}

/** The store alone: reading the ledger needs no server. */
export function openStore(cli: Cli, command: Command): ObjectStore {
  const home = cli.home(command);
  const uri = cli.terminal.environment['RATCHET_STORE_URI'] || readEndpoints(home)?.storeUri || pathToFileURL(home.storeFolder).href;
  return openObjectStore(uri);
}

/** Whether the model has a ledger. */
export async function isKnownModel(store: ObjectStore, model: string): Promise<boolean> {
  return (await store.list(`ledger/${model}/`, { limit: 1 })).length > 0;
}

/**
 * Connects, does the work, disconnects.
 * @throws {CommandError} no stack runs here and the environment names none
 */
export async function withSession<T>(cli: Cli, command: Command, work: (session: Session) => Promise<T>): Promise<T> {
  const endpoints = readEndpoints(cli.home(command));
  const target = temporalFromEnvironment(cli.terminal.environment) ?? (endpoints && temporalFromEndpoints(endpoints));
  if (!target) {
    throw new CommandError(`no stack runs in ${cli.home(command).path}`, 'start one with `ratchet up`, name another folder with --home, or a server with TEMPORAL_ADDRESS');
  }
  const client = await connectTemporal(target);
  const store = openStore(cli, command);
  try {
    return await work({ client, store, endpoints, model: (name) => openModel(client, name, { isKnown: () => isKnownModel(store, name) }) });
  } finally {
    await client.connection.close();
  }
}
