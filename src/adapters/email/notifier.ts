import { createHash } from 'node:crypto';
import { createTransport } from 'nodemailer';
import { RatchetError } from '../../domain/failure.js';
import type { Notice, Notifier } from '../../ports/notifier.js';

export interface EmailNotifierOptions {
  readonly host: string;
  readonly port: number;
  /** starttls: a server that cannot is not spoken to. */
  readonly tls: 'starttls' | 'tls' | 'none';
  readonly credentials?: { readonly user: string; readonly password: string };
  readonly from: string;
  readonly to: readonly string[];
  readonly timeoutMs?: number;
}

/** Mails it. The Message-ID is made from the notice's id, so that mail programs show a repeat once. */
export function createEmailNotifier({ host, port, tls, credentials, from, to, timeoutMs = 15_000 }: EmailNotifierOptions): Notifier {
  return { notify };

  async function notify(notice: Notice): Promise<void> {
    const transport = createTransport({
      host,
      port,
      secure: tls === 'tls',
      requireTLS: tls === 'starttls',
      ignoreTLS: tls === 'none',
      ...(credentials && { auth: { user: credentials.user, pass: credentials.password } }),
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      // A notice is text: nothing in it may name a file or an address to attach.
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    try {
      await transport.sendMail({
        from,
        to: [...to],
        messageId: messageIdOf(notice.id),
        subject: `${notice.severity === 'action' ? '[action needed] ' : ''}${notice.title.replace(/\s+/g, ' ')}`,
        text: textOf(notice),
        headers: { 'X-Ratchet-Notice': encodeURIComponent(notice.id), 'Auto-Submitted': 'auto-generated' },
      });
    } catch (error) {
      throw unavailable(error);
    } finally {
      transport.close();
    }
  }

  function unavailable(error: unknown): RatchetError {
    const { code = '', responseCode = '', response = '' } = error as { code?: string; responseCode?: number; response?: string };
    const said = credentials === undefined ? response : response.replaceAll(credentials.password, '…');
    return new RatchetError(
      'NotifierUnavailable',
      `mail server ${host}:${port}: ${[code, responseCode, said.slice(0, 200)].join(' ').trim()}`,
      {
        remedy: 'start the server, or correct the route in notices.yaml or its password: it is tried again for three days',
      },
    );
  }
}

export function messageIdOf(noticeId: string): string {
  return `<${createHash('sha256').update(noticeId).digest('hex').slice(0, 40)}@notices.ratchet.dev>`;
}

function textOf({ text, to, link, id }: Notice): string {
  return [text, '', ...(link ? [link, ''] : []), ...(to.length > 0 ? [`For: ${to.join(', ')}`] : []), `Notice ${id}`].join('\n');
}
