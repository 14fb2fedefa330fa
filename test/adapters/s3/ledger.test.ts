import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { createS3ObjectStore } from '../../../src/adapters/s3/object-store.js';
import { describeLedger } from '../../contracts/ledger.js';
import { startTestS3, type TestS3 } from '../../servers/versitygw.js';

const versitygw = inject('versitygw');
const home = mkdtempSync(join(tmpdir(), 'ratchet-test-s3-ledger-'));
let s3: TestS3;
let buckets = 0;

describe.skipIf(versitygw === null)('with a real S3 server (skipped where there is no Go to build it)', () => {
  beforeAll(async () => {
    s3 = await startTestS3(versitygw!, home);
  });
  afterAll(async () => {
    await s3?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  describeLedger('S3', async () => {
    const bucket = `ledger-${++buckets}`;
    mkdirSync(join(s3.folder, bucket));
    return createS3ObjectStore({ uri: `s3://${bucket}/team/ratchet`, environment: s3.environment });
  });
});
