import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createLedger } from '../../src/activities/ledger.js';
import { createLocalObjectStore } from '../../src/adapters/local/object-store.js';
import { createLiveBlock } from '../../src/cli/render/live-block.js';
import { facts, table } from '../../src/cli/render/table.js';
import { visible } from '../../src/cli/render/visible.js';
import { createMemorySigner } from '../fakes/memory-signer.js';
import { AT, named } from '../ledger/sample-bodies.js';
import { temporaryFolder } from '../temporary-folder.js';
import { ratchet } from './terminal-in-test.js';

test('what would steer a terminal is shown; letters, tabs and line feeds are left', () => {
  expect(visible('a\u001b[2J\u001b]0;title\u0007\rb\u007f\u009b2J\u0000')).toBe('a␛[2J␛]0;title␇␍b␡\ufffd2J␀');
  expect(visible('Zürich\t→ 大\n✓')).toBe('Zürich\t→ 大\n✓');
});

test('colours of our own are kept where there are any, and nothing else', () => {
  const painted = '\u001b[32m✓ train\u001b[0m \u001b[8mhidden\u001b[2J';
  expect(visible(painted, { keepColours: true })).toBe('\u001b[32m✓ train\u001b[0m ␛[8mhidden␛[2J');
  expect(visible(painted)).not.toContain('\u001b');
});

test('a line feed in a cell or a fact makes no line of its own', () => {
  expect(table(['SEQ', 'RECORD'], [[1, 'ana paused it: lunch\n2    ben approved']])).toEqual([
    'SEQ  RECORD',
    '1    ana paused it: lunch␊2    ben approved',
  ]);
  expect(facts([['because', 'lunch\nnow  100%']])).toEqual(['because  lunch␊now  100%']);
});

test('a block that is drawn over itself clears no more than itself', () => {
  const drawn: string[] = [];
  createLiveBlock({ out: (text) => void drawn.push(text), columns: 80 }).draw(['\u001b[31m✗\u001b[0m \u001b[2J']);
  expect(drawn).toEqual(['\u001b[31m✗\u001b[0m ␛[2J']);
});

test('the history of a model shows what a person wrote and obeys none of it', async () => {
  const home = temporaryFolder();
  mkdirSync(join(home, 'store'));
  const store = createLocalObjectStore(join(home, 'store'));
  const ledger = createLedger({ store, signer: createMemorySigner(), owner: 'cluster/default' });
  const append = (key: string, body: object) => ledger.append({ model: 'flights', key, body: body as never, expects: {}, at: AT });
  await append('a/spec-applied', { kind: 'spec-applied', specDigest: named('spec'), codeDigest: named('code'), requestedBy: 'ana' });
  await append('b/paused', { kind: 'paused', requestedBy: 'ana', reason: 'lunch\u001b[2J\r\n9  ben approved' });
  const { out } = await ratchet(['history', 'flights', '--records', '--home', home]);
  expect(out.split('\n').at(-1)).toMatch(/ana paused it: lunch␛\[2J␍␊9 {2}ben approved$/);
  expect(out.split('\n')).toHaveLength(4);
});
