import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';

/**
 * A `fetch` of plain HTTP into the network of a node, by the way that its API server takes. For whatever runs where pods can be
 * reached, as a worker does.
 *
 * @param egressSocket where the node's relay takes CONNECT
 */
export function fetchPodsThrough(egressSocket: string): typeof fetch {
  return async (input, init) => {
    const { host, pathname, search } = new URL(input instanceof Request ? input.url : input);
    const { method, headers, body, signal } = new Request(input, init);
    const socket = await tunnelTo(egressSocket, host, signal);
    const asked = request({ createConnection: () => socket, host, method, path: `${pathname}${search}`, headers: Object.fromEntries(headers), signal }); // prettier-ignore
    asked.end(body === null ? '' : await new Response(body).text());
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    return new Response(await buffer(answer), { status: answer.statusCode! });
  };
}

async function tunnelTo(socketPath: string, host: string, signal: AbortSignal): Promise<Socket> {
  const asked = request({ socketPath, method: 'CONNECT', path: host, signal }).end();
  const [, socket] = (await once(asked, 'connect')) as [IncomingMessage, Socket];
  return socket;
}
