import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';

/** What goes wrong with one request. */
export type S3Fault =
  /** Answered here: the server behind never hears of it. */
  | { readonly kind: 'answer'; readonly status: number; readonly code: string }
  /** The server does what was asked, and its answer is lost. */
  | { readonly kind: 'lose-answer' }
  /** The body ends early and the connection with it. */
  | { readonly kind: 'cut-body'; readonly bytes: number }
  /** The first byte of the body is another one, and its checksum is not sent. */
  | { readonly kind: 'spoil-body' }
  /** The body begins and then nothing comes any more. */
  | { readonly kind: 'stall-body' };

export interface S3Request {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

export interface S3Proxy {
  readonly environment: Record<string, string>;
  readonly requests: readonly S3Request[];
}

/**
 * Stands before a real S3 server and spoils what `faultOf` says; everything else passes as it is, signature included.
 * @param faultOf is asked once for each request, in their order
 */
export async function startS3Proxy(
  server: { readonly port: number; readonly environment: Record<string, string> },
  faultOf: (request: S3Request) => S3Fault | undefined,
): Promise<S3Proxy> {
  const requests: S3Request[] = [];
  const proxy = createServer((incoming, outgoing) => {
    const request = { method: incoming.method!, url: incoming.url!, headers: incoming.headers };
    requests.push(request);
    const fault = faultOf(request);
    if (fault?.kind === 'answer') {
      incoming.resume().on('end', () => {
        outgoing.writeHead(fault.status, { 'content-type': 'application/xml' });
        outgoing.end(`<?xml version="1.0"?><Error><Code>${fault.code}</Code><Message>as asked</Message></Error>`);
      });
      return;
    }
    const { method, path, headers } = { ...request, path: request.url };
    const forward = ask({ host: '127.0.0.1', port: server.port, method, path, headers }, (answer) => pass(answer, outgoing, fault));
    forward.on('error', () => outgoing.destroy());
    incoming.pipe(forward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void proxy.close().closeAllConnections());
  const { port } = proxy.address() as { port: number };
  return { environment: { ...server.environment, AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}` }, requests };
}

function pass(answer: IncomingMessage, outgoing: ServerResponse, fault: S3Fault | undefined): void {
  const chunks: Buffer[] = [];
  answer.on('data', (chunk: Buffer) => chunks.push(chunk));
  answer.on('end', () => {
    const body = Buffer.concat(chunks);
    if (fault?.kind === 'lose-answer') return void outgoing.destroy();
    const headers = Object.entries(answer.headers).filter(([name]) => fault?.kind !== 'spoil-body' || !name.startsWith('x-amz-checksum'));
    outgoing.writeHead(answer.statusCode!, Object.fromEntries(headers));
    if (fault?.kind === 'cut-body') return void outgoing.write(body.subarray(0, fault.bytes), () => outgoing.destroy());
    if (fault?.kind === 'stall-body') return void outgoing.write(body.subarray(0, 1));
    if (fault?.kind === 'spoil-body') body[0]! ^= 1;
    outgoing.end(body);
  });
}
