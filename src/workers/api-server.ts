import { serve } from '@hono/node-server';
import { createApi } from '../api/api.js';
import { connectTemporal } from '../client/connect-temporal.js';
import { addLabels } from '../client/labels/add-labels.js';
import { isKnownModel } from '../client/ledger-view.js';
import { openModel } from '../client/model-handle.js';
import { apiConfig } from '../config/api-config.js';
import { openObjectStore } from './open-object-store.js';
import { temporalTarget } from './temporal-target.js';

/** Senders give up after ten seconds or so, and should hear from us before. */
const DEADLINE_SECONDS = 8;

/**
 * The HTTP server, on loopback alone: what it is asked is not all signed. Says `ready` over its channel when it listens; ends
 * by itself where the process that started it dies.
 */
async function main(): Promise<void> {
  const config = apiConfig(process.env);
  const target = temporalTarget('the HTTP server');
  const client = await connectTemporal({ ...target, namedBy: 'the environment' });
  const store = openObjectStore(config.storeUri);
  const api = createApi({
    secretOf: config.secretOf,
    wish: (model, trigger) =>
      openModel(client, model, { deadlineSeconds: DEADLINE_SECONDS, isKnown: () => isKnownModel(store, model) }).wish(trigger),
    addLabels: (labels) => addLabels({ ...labels, store, nowMs: Date.now() }),
    tell,
  });
  const server = serve({ fetch: api.fetch, port: config.port, hostname: '127.0.0.1' }, () => {
    process.send?.('ready');
    tell(`listens on 127.0.0.1:${config.port}`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    for (const event of ['SIGTERM', 'SIGINT', 'disconnect']) process.once(event, resolve);
  });
  await new Promise((resolve) => server.close(resolve));
  await client.connection.close();
}

function tell(line: string): void {
  console.log(`${new Date().toISOString()} ${line}`);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    tell(`the HTTP server ends: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  },
);
