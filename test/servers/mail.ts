import { execFileSync } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { serverEnvironment, startServer, type RunningServer } from '../../src/adapters/local/servers/server-process.js';
import { freePort } from './free-port.js';

export interface Mail {
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface TestMailServer extends RunningServer {
  readonly port: number;
  /** What lies in its mailbox. */
  mails(): Mail[];
}

const readMailbox = `
import email, email.policy, json, mailbox, sys
box = mailbox.Maildir(sys.argv[1], factory=lambda f: email.message_from_binary_file(f, policy=email.policy.default), create=False)
print(json.dumps([{"headers": {k.lower(): str(v) for k, v in m.items()}, "text": m.get_content()} for m in box]))
`;

/** A real SMTP server that puts all mail into one box. @param python of the environment of the tests */
export async function startTestMailServer(python: string, home: string, port?: number): Promise<TestMailServer> {
  const chosen = port ?? (await freePort());
  const box = join(home, 'mail');
  const address = `127.0.0.1:${chosen}`;
  const server = await startServer(
    {
      name: 'the mail server',
      command: python,
      args: ['-m', 'aiosmtpd', '-n', '-l', address, '-c', 'aiosmtpd.handlers.Mailbox', box],
      environment: serverEnvironment(),
      logFile: join(home, 'mail.log'),
      isHealthy: () => greets(chosen),
      startMsMax: 30_000,
    },
    address,
  );
  const mails = (): Mail[] => JSON.parse(execFileSync(python, ['-c', readMailbox, box], { encoding: 'utf8' })) as Mail[];
  return { ...server, port: chosen, mails };
}

function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', () => socket.end('QUIT\r\n', () => resolve(true))).once('error', () => resolve(false));
    socket.setTimeout(1000, () => socket.destroy(new Error('silent')));
  });
}
