import { createS3ObjectStore } from '../../../src/adapters/s3/object-store.js';
import { describeLedger } from '../../contracts/ledger.js';
import { describeOnTriedServer } from './tried-server.js';

describeOnTriedServer('the ledger', ({ server, newBucket }) => {
  describeLedger('S3', async () =>
    createS3ObjectStore({ uri: `s3://${await newBucket()}/team/ratchet`, environment: server().environment }),
  );
});
