import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

export interface Asked {
  readonly path: string;
  readonly arm: string | undefined;
  readonly requestId: string | undefined;
  /** Who asks, as the proxy says. */
  readonly key: string | undefined;
}

/** A stand-in for one process of a model server: says its version, and what it was asked. */
export interface ModelReplica {
  readonly address: string;
  readonly asked: readonly Asked[];
  /** How it answers from now on: a status, or never. */
  answer: number | 'never';
  delayMs: number;
  /** The text of GET /metrics. */
  metrics: string;
  /** Ends it with all its connections, as kill -9 would. */
  kill(): Promise<void>;
}

export async function startModelReplica(version: string, port = 0): Promise<ModelReplica> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => void respond(request, response));
  const listening = await listen(server, port);
  const kill = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  onTestFinished(() => (server.listening ? kill() : undefined));
  const replica: ModelReplica = { address: `127.0.0.1:${listening.port}`, asked, answer: 200, delayMs: 0, metrics: '', kill };
  return replica;

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for await (const chunk of request) void chunk; // read to the end, so that the connection can be used again
    if (request.url === '/metrics') return void response.end(replica.metrics);
    const { 'x-ratchet-arm': arm, 'x-request-id': requestId, 'x-ratchet-key': key } = request.headers as Record<string, string | undefined>;
    asked.push({ path: request.url ?? '', arm, requestId, key });
    if (replica.answer === 'never') return;
    if (replica.delayMs > 0) await sleep(replica.delayMs);
    response.writeHead(replica.answer, { 'content-type': 'application/json', 'x-ratchet-version': version });
    response.end(JSON.stringify({ model_version: version, outputs: [{ name: 'score', shape: [1, 1], datatype: 'FP32', data: [0.5] }] }));
  }
}

function listen(server: Server, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server.address() as AddressInfo));
  });
}
