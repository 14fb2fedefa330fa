import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SocketAddress } from '../../config/socket-address.js';
import type { Meter } from './meter.js';

/** What was read so lately is not read again. */
const FRESH_MS = 2_000;
/** A store that hangs must not hang those who watch us: they get what was read before, and its age. */
const READ_MS_MAX = 3_000;

export interface MetricsServerOptions {
  readonly address: SocketAddress;
  readonly meter: Meter;
  /** Never throws. */
  readonly readLedgers: () => Promise<void>;
  readonly readMsMax?: number;
}

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Answers `GET /metrics`. @throws {Error} the address is taken, or not ours */
export async function serveMetrics({ address, meter, readLedgers, readMsMax = READ_MS_MAX }: MetricsServerOptions): Promise<MetricsServer> {
  let reading: Promise<void> | null = null;
  let readMs = -Infinity;
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('expected GET /metrics\n');
      return;
    }
    void answer().then(
      (text) => response.writeHead(200, { 'content-type': meter.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  server.listen({ port: address.port, host: address.host });
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };

  async function answer(): Promise<string> {
    if (performance.now() - readMs > FRESH_MS) {
      reading ??= readLedgers().finally(() => {
        reading = null;
        readMs = performance.now();
      });
      const waiting = new AbortController();
      await Promise.race([reading, sleep(readMsMax, undefined, { signal: waiting.signal }).catch(() => undefined)]);
      waiting.abort();
    }
    return meter.text();
  }
}
