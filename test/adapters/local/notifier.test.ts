import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createLocalNotifier } from '../../../src/adapters/local/notifier.js';
import type { Notice } from '../../../src/ports/notifier.js';
import { temporaryFolder } from '../../temporary-folder.js';

const notice = (id: string): Notice => ({
  id,
  model: 'm',
  event: 'approval',
  severity: 'action',
  title: 'Approve "m" v7',
  text: 'ratchet approve m\nor reject',
  to: ['ana', 'ops'],
});
const now = () => new Date('2026-11-22T08:00:00Z');

test('writes each notice once to the file and to the log, also after a restart', async () => {
  const home = temporaryFolder();
  const lines: string[] = [];
  const told = (line: string) => void lines.push(line);
  const notifier = createLocalNotifier(home, told, now);
  await notifier.notify(notice('c7/"ask"'));
  await notifier.notify(notice('c7/"ask"'));
  await createLocalNotifier(home, told, now).notify(notice('c7/"ask"'));
  await createLocalNotifier(home, told, now).notify(notice('c8/ask'));
  const file = readFileSync(join(home, 'notices.jsonl'), 'utf8').trimEnd().split('\n');
  expect(file.map((line) => JSON.parse(line))).toEqual([
    { at: '2026-11-22T08:00:00.000Z', ...notice('c7/"ask"') },
    { at: '2026-11-22T08:00:00.000Z', ...notice('c8/ask') },
  ]);
  expect(lines).toEqual(Array(2).fill('ACTION NEEDED m: Approve "m" v7 (for ana, ops): ratchet approve m\nor reject'));
});

test('says that it cannot tell, so that it is asked again; the log has it at once', async () => {
  const home = join(temporaryFolder(), 'home');
  writeFileSync(home, 'a file where the folder should be');
  const lines: string[] = [];
  const notifier = createLocalNotifier(home, (line) => void lines.push(line));
  for (let times = 0; times < 2; times++)
    await expect(notifier.notify(notice('x'))).rejects.toMatchObject({ type: 'NotifierUnavailable', class: 'transient' });
  expect(lines).toHaveLength(1);
});
