import { expect, test } from 'vitest';
import { openObjectStore } from '../../src/workers/open-object-store.js';

test.for(['file://relative/folder', 'file:///tmp/a%ZZ', 'file:///tmp/a%2Fb', 'gs://bucket', '/srv/store', ''])(
  '%j is no store: what was expected is said, and which variable is to be corrected',
  (uri) => {
    expect(() => openObjectStore(uri)).toThrow(
      expect.objectContaining({
        type: 'InputInvalid',
        message: expect.stringContaining('expected file:///<folder> or s3://<bucket>/<prefix>, found') as string,
        remedy: 'correct RATCHET_STORE_URI',
      }) as Error,
    );
  },
);

test('a folder is a store', () => {
  expect(openObjectStore('file:///srv/a%20store').uri).toBe('file:///srv/a%20store');
});
