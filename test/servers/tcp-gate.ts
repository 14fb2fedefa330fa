import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { LOOPBACK } from '../../src/adapters/local/servers/loopback-port.js';

/** What stands between a client and a server of this machine. */
export interface TcpGate {
  readonly port: number;
  /** Connections that are open fall silent, as where a firewall has forgotten them; new ones pass. */
  silenceOpen(): void;
  /** New connections are accepted, and nobody says anything. */
  silenceNew(): void;
  /** Ends all connections, and refuses new ones. */
  cut(): void;
  /** New connections pass. */
  open(): void;
  stop(): Promise<void>;
}

/** Passes connections on to a port, until it is told otherwise. */
export async function startTcpGate(targetPort: number): Promise<TcpGate> {
  const pairs = new Set<readonly [Socket, Socket | null]>();
  let takes: 'all' | 'silently' | 'none' = 'all';
  const server = createServer((client) => {
    if (takes === 'none') return client.destroy();
    const upstream = takes === 'silently' ? null : connect(targetPort, LOOPBACK);
    const pair = [client, upstream] as const;
    pairs.add(pair);
    client.on('error', () => undefined).on('close', () => (end(pair), pairs.delete(pair)));
    if (upstream === null) return client.resume();
    client.pipe(upstream).pipe(client);
    return upstream.on('error', () => undefined).on('close', () => end(pair));
  });
  await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    silenceOpen() {
      for (const [client, upstream] of pairs) {
        client.unpipe().pause();
        upstream?.unpipe().pause();
      }
    },
    silenceNew: () => void (takes = 'silently'),
    cut() {
      takes = 'none';
      for (const pair of pairs) end(pair);
    },
    open: () => void (takes = 'all'),
    async stop() {
      for (const pair of pairs) end(pair);
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}

function end([client, upstream]: readonly [Socket, Socket | null]): void {
  client.destroy();
  upstream?.destroy();
}
