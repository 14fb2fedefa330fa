import { describe, expect, test } from 'vitest';
import type { Notice, Notifier } from '../../src/ports/notifier.js';

export interface NotifierUnderTest {
  readonly notifier: Notifier;
  /** What the receiver holds, repeats that it drops by itself left out. */
  received(): Promise<readonly { readonly id: string; readonly words: string }[]>;
  /** The receiver is down, and up again at the same address. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Must not be said by any error. */
  readonly secrets: readonly string[];
}

export const noticeOf = (change: Partial<Notice> = {}): Notice => ({
  id: 'flights/12/approval',
  model: 'flights',
  event: 'approval',
  severity: 'action',
  title: 'flights: a person must decide about cycle 12',
  text: 'no champion yet\nratchet approve flights --candidate sha256:00 --as <you>',
  to: ['ana', 'ben'],
  ...change,
});

/** What every notifier keeps. `open` gives one with a receiver that holds nothing. */
export function describeNotifier(name: string, open: () => Promise<NotifierUnderTest>) {
  describe(`${name} notifier`, () => {
    test('tells what it is about, what can be done, and whom it is for', async () => {
      const { notifier, received } = await open();
      await notifier.notify(noticeOf());
      const [told, ...others] = await received();
      expect(others).toEqual([]);
      expect(told!.id).toBe('flights/12/approval');
      for (const words of [
        'a person must decide about cycle 12',
        'no champion yet',
        'ratchet approve flights --candidate sha256:00',
        'ana',
      ])
        expect(told!.words).toContain(words);
    });

    test('gives what is told again the same id, and what is another event another one', async () => {
      const { notifier, received } = await open();
      for (const id of ['flights/12/approval', 'flights/12/approval', 'flights/12/approval/reminder-1'])
        await notifier.notify(noticeOf({ id }));
      const ids = (await received()).map((notice) => notice.id);
      expect(new Set(ids)).toEqual(new Set(['flights/12/approval', 'flights/12/approval/reminder-1']));
    });

    test('takes long texts and any characters', async () => {
      const { notifier, received } = await open();
      const text = `"quoted" <!channel> & \`\`\`code\`\`\` größer – 100 %\n.\n${'a long line '.repeat(1000)}`;
      await notifier.notify(
        noticeOf({ id: 'flights/reconcile/alias "champion" → 7.5', text, title: `a title\nof two lines ${'long '.repeat(60)}` }),
      );
      const [told] = await received();
      expect(told!.id).toBe('flights/reconcile/alias "champion" → 7.5');
      expect(told!.words).toContain('größer – 100 %');
    });

    test('says that nobody was told while the receiver is down, and tells it with the same id once it is up', async () => {
      const { notifier, received, stop, start, secrets } = await open();
      await stop();
      for (let times = 0; times < 2; times++) {
        const error = await notifier.notify(noticeOf()).then(
          () => null,
          (thrown: unknown) => thrown as Error & { remedy: string },
        );
        expect(error).toMatchObject({ name: 'RatchetError', type: 'NotifierUnavailable', class: 'transient' });
        for (const secret of secrets) expect(`${error!.message} ${error!.remedy}`).not.toContain(secret);
      }
      await start();
      await notifier.notify(noticeOf());
      expect((await received()).map(({ id }) => id)).toEqual(['flights/12/approval']);
    });
  });
}
