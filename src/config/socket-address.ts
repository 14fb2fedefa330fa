import { isIP } from 'node:net';
import { z } from 'zod';

export interface SocketAddress {
  readonly host: string;
  readonly port: number;
}

/** An address to listen at: `<IPv4>:<port>` or `[<IPv6>]:<port>`. */
export const SocketAddress = z.string().transform((text, context): SocketAddress => {
  const [, six, four, digits] = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]]+)):(\d+)$/.exec(text) ?? [];
  const host = six ?? four ?? '';
  const port = Number(digits);
  if (isIP(host) !== 0 && port >= 1 && port <= 65_535) return { host, port };
  context.addIssue({ code: 'custom', message: 'expected <IP address>:<port>, such as 127.0.0.1:9464' });
  return z.NEVER;
});

export function socketText({ host, port }: SocketAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
