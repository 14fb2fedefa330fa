import { fileURLToPath } from 'node:url';
import { createLocalObjectStore } from '../adapters/local/object-store.js';
import { createS3ObjectStore } from '../adapters/s3/object-store.js';
import { s3Config } from '../config/s3-config.js';
import { redactUrl } from '../config/redact-url.js';
import { RatchetError } from '../domain/failure.js';
import type { ObjectStore } from '../ports/object-store.js';

/** The store behind a URI: `file:///<folder>` or `s3://<bucket>/<prefix>`. @throws {RatchetError} InputInvalid */
export function openObjectStore(uri: string): ObjectStore {
  const { protocol } = URL.canParse(uri) ? new URL(uri) : { protocol: '' };
  const folder = protocol === 'file:' ? folderOf(uri) : null;
  if (folder !== null) return createLocalObjectStore(folder);
  if (protocol === 's3:') return createS3ObjectStore({ uri, ...s3Config(process.env) });
  throw new RatchetError('InputInvalid', `object store: expected file:///<folder> or s3://<bucket>/<prefix>, found ${redactUrl(uri)}`, {
    remedy: 'correct RATCHET_STORE_URI',
  });
}

/** null: it names another machine (`file://folder` without a third slash), or is not a path once decoded. */
function folderOf(uri: string): string | null {
  try {
    return fileURLToPath(uri);
  } catch {
    return null;
  }
}
