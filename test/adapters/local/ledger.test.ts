import { cpSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createLedger } from '../../../src/activities/ledger.js';
import { createLocalObjectStore } from '../../../src/adapters/local/object-store.js';
import { createLocalSigner } from '../../../src/adapters/local/signer.js';
import { verifyLedger } from '../../../src/client/audit/verify-ledger.js';
import { recordKey } from '../../../src/domain/ledger-file.js';
import { describeLedger } from '../../contracts/ledger.js';
import { AT, cycleStarted, paused } from '../../ledger/sample-bodies.js';
import { temporaryFolder } from '../../temporary-folder.js';

describeLedger('a folder', async () => createLocalObjectStore(temporaryFolder()));

test('a copied folder is audited without the place it came from, and shows what became of the copy', async () => {
  const home = temporaryFolder();
  const copy = join(temporaryFolder(), 'copy');
  const signer = await createLocalSigner(home);
  const ledger = createLedger({ store: createLocalObjectStore(join(home, 'store')), signer, owner: 'local/default' });
  const wishes = [paused(), cycleStarted('t1')] as const;
  for (const body of wishes) await ledger.append({ model: 'flights', key: `t1/${body.kind}`, body, expects: {}, at: AT });
  cpSync(join(home, 'store'), copy, { recursive: true });
  rmSync(home, { recursive: true });

  const audit = () =>
    verifyLedger(createLocalObjectStore(copy), 'flights', { givenKeys: [{ source: 'key.pem', pem: signer.publicKeyPem }] });
  expect(await audit()).toMatchObject({ records: 3, problems: [] });
  truncateSync(join(copy, recordKey('flights', 3)), 100);
  expect((await audit()).problems).toMatchObject([{ seq: 3, message: 'expected JSON, found 100 bytes of something else' }]);
});
