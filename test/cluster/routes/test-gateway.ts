import { createServer, request as ask } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Rule {
  /** Of the path, by whole parts. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly backends: readonly { readonly service: string; readonly weight: number; readonly adds: Readonly<Record<string, string>> }[];
  readonly mirror: string | null;
}

/**
 * The data plane of a gateway, small and of our own: divides requests as the objects in the API server say at that moment. It
 * stands in for a mesh, whose controllers do not run here; the objects, and what checks them, are real.
 *
 * @param look the rules that are in force now
 * @param addressOf where a Service answers, host:port; rejects where nobody does
 */
export async function startTestGateway(
  look: () => Promise<readonly Rule[]>,
  addressOf: (service: string) => Promise<string>,
): Promise<string> {
  let looking: Promise<unknown> = Promise.resolve();
  let next: Promise<readonly Rule[]> | null = null;
  /** A look that begins after it was asked for; one for all who wait for it. */
  const fresh = (): Promise<readonly Rule[]> => {
    next ??= looking.then(() => {
      next = null;
      const found = look();
      looking = found.catch(() => undefined);
      return found;
    });
    return next;
  };
  const server = createServer((incoming, outgoing) => void answer(incoming, outgoing).catch(() => outgoing.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const rule = (await fresh()).find(({ path, headers }) => {
      const isPath = incoming.url === path || incoming.url!.startsWith(`${path}/`);
      return isPath && Object.entries(headers).every(([name, value]) => incoming.headers[name] === value);
    });
    const backend = rule && draw(rule.backends);
    if (!rule || !backend) return void outgoing.writeHead(404).end();
    const body = Buffer.concat(chunks);
    if (rule.mirror !== null)
      void addressOf(rule.mirror).then(
        (address) =>
          forward(address, {})
            .on('response', (reply) => reply.resume())
            .on('error', () => undefined)
            .end(body),
        () => undefined, // nobody waits for a copy
      );
    forward(await addressOf(backend.service), backend.adds)
      .on('response', (reply) => {
        outgoing.writeHead(reply.statusCode!, { ...reply.headers, ...backend.adds });
        reply.pipe(outgoing);
      })
      .on('error', () => outgoing.writeHead(503).end())
      .end(body);

    function forward(address: string, adds: Readonly<Record<string, string>>) {
      const [host, port] = address.split(':');
      return ask({ host, port, path: incoming.url, method: incoming.method, headers: { ...incoming.headers, ...adds }, agent: false });
    }
  }
}

function draw(backends: Rule['backends']): Rule['backends'][number] | undefined {
  let left = Math.random() * backends.reduce((sum, { weight }) => sum + weight, 0);
  return backends.find(({ weight }) => (left -= weight) < 0);
}
