import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startHttpReceiver } from '../servers/http-receiver.js';
import { temporaryFolder } from '../temporary-folder.js';
import { ratchet } from './terminal-in-test.js';

test('notices test sends through a route without a stack, and says why where it does not arrive', async () => {
  const home = temporaryFolder();
  const receiver = await startHttpReceiver();
  const secret = join(home, 'secret');
  writeFileSync(secret, `${receiver.url}/services/hush\n`);
  writeFileSync(join(home, 'notices.yaml'), `routes: { chat: { kind: slack, url: { file: ${secret} } } }\ndefault: [chat]\n`);
  expect((await ratchet(['notices', 'list', '--home', home])).out).toMatch(/^chat +slack +yes$/m);
  expect((await ratchet(['notices', 'test', 'chat', '--home', home])).out).toMatch(/^chat: told \(test\/[0-9a-f-]+\)$/m);
  expect(receiver.received).toMatchObject([{ path: '/services/hush', body: expect.stringContaining('A test notice of Ratchet') }]);

  receiver.answer = 403;
  const refused = await ratchet(['notices', 'test', 'chat', '--home', home]);
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('expected HTTP 2xx, found 403') });
  expect(refused.err).not.toContain('hush');
  const unknown = await ratchet(['notices', 'test', 'pager', '--home', home]);
  expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining('there is no route pager\n  → expected one of chat') });
});

test('without a file, it says where one belongs', async () => {
  const { code, err } = await ratchet(['notices', 'list', '--home', temporaryFolder()]);
  expect([code, err]).toEqual([1, expect.stringMatching(/no routes are written down: there is no .*notices\.yaml/)]);
});
