import { parseS3Uri } from '../s3/s3-client.js';
import { openS3Session } from '../s3/s3-session.js';
import { checkpointsUri } from './job-request.js';

/** What SageMaker kept of a job's checkpoints. */
export async function removeCheckpoints(environment: NodeJS.ProcessEnv, storeUri: string, place: string): Promise<void> {
  const uri = checkpointsUri(storeUri, place);
  const { bucket, prefix } = parseS3Uri(uri);
  const session = openS3Session(uri, environment, 30_000);
  for (;;) {
    const { Contents: found = [] } = await session.ask('ListObjectsV2', (s3) => s3.listObjectsV2({ Bucket: bucket, Prefix: prefix }));
    if (found.length === 0) return;
    for (const { Key } of found) await session.ask('DeleteObject', (s3) => s3.deleteObject({ Bucket: bucket, Key }));
  }
}
