import { createServer, type IncomingMessage } from 'node:http';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface CountingProxy {
  /** Where clients connect instead, without TLS. */
  readonly url: string;
  /** Requests so far, by what they ask: `watch jobs`, `list pods`, `get job`, `get log`, `patch job` … */
  counts(): Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

/** Passes requests on to a Kubernetes API server and counts them. */
export async function startCountingProxy(target: { url: string; caFile: string }): Promise<CountingProxy> {
  const counted = new Map<string, number>();
  const agent = new Agent({ ca: readFileSync(target.caFile), keepAlive: true, maxSockets: 64 });
  const server = createServer((asked, answer) => {
    const kind = kindOf(asked);
    counted.set(kind, (counted.get(kind) ?? 0) + 1);
    const { method, headers } = asked;
    const passed = request(`${target.url}${asked.url}`, { agent, method, headers }, (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    answer.on('close', () => passed.destroy());
    asked.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts: () => Object.fromEntries(counted),
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
      agent.destroy();
    },
  };
}

function kindOf({ method, url = '' }: IncomingMessage): string {
  const { pathname, searchParams } = new URL(url, 'http://api');
  const [resource = '', name, part] = pathname.replace(/^.*\/namespaces\/[^/]+\//, '').split('/');
  if (part === 'log') return 'get log';
  if (name !== undefined) return `${method?.toLowerCase()} ${resource.replace(/s$/, '')}`;
  return searchParams.get('watch') === 'true' ? `watch ${resource}` : `${method === 'GET' ? 'list' : 'create'} ${resource}`;
}
