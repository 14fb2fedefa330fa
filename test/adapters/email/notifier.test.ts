import { expect, inject, onTestFinished, test } from 'vitest';
import { createEmailNotifier, messageIdOf } from '../../../src/adapters/email/notifier.js';
import { describeNotifier, noticeOf } from '../../contracts/notifier.js';
import { startTestMailServer, type TestMailServer } from '../../servers/mail.js';
import { temporaryFolder } from '../../temporary-folder.js';

const addresses = { host: '127.0.0.1', from: 'Ratchet <ratchet@example.org>', to: ['ana@example.org', 'ben@example.org'] };

async function mailServer(): Promise<{ server: () => TestMailServer; stop(): Promise<void>; start(): Promise<void> }> {
  const home = temporaryFolder();
  let server = await startTestMailServer(inject('testPython'), home);
  onTestFinished(() => server.stop());
  return {
    server: () => server,
    stop: () => server.stop(),
    start: async () => void (server = await startTestMailServer(inject('testPython'), home, server.port)),
  };
}

describeNotifier('Email', async () => {
  const { server, stop, start } = await mailServer();
  return {
    notifier: createEmailNotifier({ ...addresses, port: server().port, tls: 'none' }),
    secrets: [],
    received: async () =>
      server()
        .mails()
        .map(({ headers, text }) => ({
          id: decodeURIComponent(headers['x-ratchet-notice']!.trim()),
          words: `${headers['subject']}\n${text}`,
        })),
    stop,
    start,
  };
});

test('a mail says in its subject that something is to be done, and its Message-ID is that of the notice', async () => {
  const { server } = await mailServer();
  const notifier = createEmailNotifier({ ...addresses, port: server().port, tls: 'none' });
  await notifier.notify(noticeOf({ title: 'a title\r\nBcc: mallory@example.org' }));
  expect(server().mails()[0]!.headers).toMatchObject({
    subject: '[action needed] a title Bcc: mallory@example.org',
    'message-id': messageIdOf('flights/12/approval'),
    to: 'ana@example.org, ben@example.org',
    'auto-submitted': 'auto-generated',
  });
  expect(Object.keys(server().mails()[0]!.headers)).not.toContain('bcc');
});

test('a server that cannot encrypt is told nothing, least of all the password', async () => {
  const { server } = await mailServer();
  const credentials = { user: 'ratchet', password: 'the password of the mail server' };
  const error = await createEmailNotifier({ ...addresses, port: server().port, tls: 'starttls', credentials })
    .notify(noticeOf())
    .catch((thrown: Error) => thrown);
  expect(error).toMatchObject({ type: 'NotifierUnavailable', message: expect.stringContaining(`mail server 127.0.0.1:${server().port}`) });
  expect((error as Error).message).not.toContain(credentials.password);
});
