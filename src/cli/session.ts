import type { Command } from 'commander';
import { pathToFileURL } from 'node:url';
import { connectTemporal, ledgerOwner } from '../client/connect-temporal.js';
import { isKnownModel } from '../client/ledger-view.js';
import type { ModelHandle } from '../client/model-handle.js';
import { openModel } from '../client/model-handle.js';
import type { Home } from '../config/home.js';
import type { Endpoints } from '../config/endpoints.js';
import { readEndpoints } from '../config/endpoints.js';
import { temporalFromEndpoints, temporalFromEnvironment } from '../config/temporal-address.js';
import type { TemporalClient } from '../client/connect-temporal.js';
import type { TrafficHandle } from '../client/traffic-handle.js';
import { openTraffic } from '../client/traffic-handle.js';
import type { ObjectStore } from '../ports/object-store.js';
import { openObjectStore } from '../workers/open-object-store.js';
import type { Cli } from './cli.js';
import { CommandError } from './explain-error.js';
import { endpointsOfRunning } from './running-stack.js';

/** A connection to a running stack. */
export interface Session {
  readonly client: TemporalClient;
  readonly store: ObjectStore;
  /** null where the server was named by the environment and this home has no stack. */
  readonly endpoints: Endpoints | null;
  model(name: string): ModelHandle;
  traffic(name: string): TrafficHandle;
  /** Whose workflows write ledgers here: `<cluster id>/<namespace>`. */
  owner(): Promise<string>;
}

/** Which stack: its folder, and the environment that may name other servers. */
export interface Place {
  readonly home: Home;
  readonly environment: NodeJS.ProcessEnv;
}

/** The store alone: reading the ledger needs no server. */
export function openStore(cli: Cli, command: Command): ObjectStore {
  return openStoreAt({ home: cli.home(command), environment: cli.terminal.environment });
}

export function openStoreAt({ home, environment }: Place): ObjectStore {
  return openObjectStore(environment['RATCHET_STORE_URI'] || readEndpoints(home)?.storeUri || pathToFileURL(home.storeFolder).href);
}

/**
 * Connects, does the work, disconnects.
 * @throws {CommandError} no stack runs here and the environment names none
 */
export async function withSession<T>(cli: Cli, command: Command, work: (session: Session) => Promise<T>): Promise<T> {
  return withSessionAt({ home: cli.home(command), environment: cli.terminal.environment }, work);
}

export async function withSessionAt<T>(place: Place, work: (session: Session) => Promise<T>): Promise<T> {
  const endpoints = endpointsOfRunning(place.home, ({ temporal }) => temporal.process);
  const target = temporalFromEnvironment(place.environment) ?? (endpoints && temporalFromEndpoints(endpoints));
  if (!target) {
    throw new CommandError(
      `no stack runs in ${place.home.path}`,
      'start one with `ratchet up`, name another folder with --home, or a server with TEMPORAL_ADDRESS',
    );
  }
  const client = await connectTemporal(target);
  const store = openStoreAt(place);
  try {
    const model = (name: string): ModelHandle => openModel(client, name, { isKnown: () => isKnownModel(store, name) });
    const traffic = (name: string): TrafficHandle => openTraffic(client, store, name);
    return await work({ client, store, endpoints, model, traffic, owner: () => ledgerOwner(client) });
  } finally {
    await client.connection.close();
  }
}
