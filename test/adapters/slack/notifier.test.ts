import { expect, test } from 'vitest';
import { createSlackNotifier } from '../../../src/adapters/slack/notifier.js';
import { describeNotifier, noticeOf } from '../../contracts/notifier.js';
import { startHttpReceiver } from '../../servers/http-receiver.js';

interface Message {
  readonly text: string;
  readonly blocks: readonly { readonly text?: { readonly text: string }; readonly elements?: readonly { readonly text: string }[] }[];
}
const path = '/services/T000/B000/XXXX';
const messageOf = (body: string): Message => JSON.parse(body) as Message;

describeNotifier('Slack', async () => {
  const receiver = await startHttpReceiver();
  return {
    ...receiver,
    notifier: createSlackNotifier({ url: `${receiver.url}${path}` }),
    secrets: [path],
    received: async () =>
      receiver.received.map(({ body }) => {
        const { text, blocks } = messageOf(body);
        const words = blocks.flatMap((block) => [block.text?.text, ...(block.elements ?? []).map((element) => element.text)]).join('\n');
        return { id: /id `([^`]*)`/.exec(words)![1]!.replaceAll('&lt;', '<'), words: `${text}\n${words}` };
      }),
  };
});

test('what it posts keeps Slack’s limits, and nothing in it calls a channel', async () => {
  const receiver = await startHttpReceiver();
  const notice = noticeOf({
    title: 't'.repeat(500),
    text: `<!channel> ${'&'.repeat(5000)}`,
    to: ['<@U1>'],
    link: 'http://127.0.0.1:8233/x',
  });
  await createSlackNotifier({ url: `${receiver.url}${path}` }).notify(notice);
  const { body } = receiver.received[0]!;
  expect(body).not.toMatch(/<[!@]/);
  expect(body).toContain('<http://127.0.0.1:8233/x|Look at it>');
  const [header, section] = messageOf(body).blocks;
  expect(header!.text!.text.length).toBeLessThanOrEqual(150);
  expect(section!.text!.text.length).toBeLessThanOrEqual(3000);
});

test('the address is a secret: a refusal that repeats it is told without it', async () => {
  const receiver = await startHttpReceiver();
  receiver.answer = 404; // the receiver says the path
  const error = await createSlackNotifier({ url: `${receiver.url}${path}` })
    .notify(noticeOf())
    .catch((thrown: Error) => thrown);
  expect((error as Error).message).toBe(`slack ${new URL(receiver.url).host}: expected HTTP 2xx, found 404 no: …`);
});
