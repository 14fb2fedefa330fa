import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { onTestFinished } from 'vitest';
import { freePort } from './free-port.js';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface HttpReceiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** How it answers from now on; never: it takes the request and is silent; dies: it keeps it, and the line breaks. */
  answer: number | 'never' | 'dies';
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Keeps what is posted to it. */
export async function startHttpReceiver(): Promise<HttpReceiver> {
  const port = await freePort();
  const received: Received[] = [];
  let server: Server | undefined;
  const receiver: HttpReceiver = { url: `http://127.0.0.1:${port}`, received, answer: 200, start, stop };
  await start();
  onTestFinished(stop);
  return receiver;

  async function start(): Promise<void> {
    server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        received.push({ path: request.url ?? '', headers: request.headers, body });
        if (receiver.answer === 'dies') return void request.socket.destroy();
        if (receiver.answer === 'never') return;
        response.writeHead(receiver.answer).end(receiver.answer < 300 ? 'ok' : `no: ${request.url}`);
      });
    });
    await new Promise<void>((resolve) => server!.listen(port, '127.0.0.1', resolve));
  }

  async function stop(): Promise<void> {
    server?.closeAllConnections();
    await new Promise((resolve) => server?.close(resolve) ?? resolve(undefined));
  }
}
