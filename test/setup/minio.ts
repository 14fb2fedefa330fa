import type { TestProject } from 'vitest/node';
import { findMinio } from '../../scripts/minio.mjs';

/** The tests of S3 once more, on MinIO. */
export default function setup(project: TestProject): void {
  const binary = findMinio();
  if (binary === null) console.log('left out: S3 on MinIO, which has not been built: node scripts/minio.mjs (needs Go)');
  project.provide('triedS3', { name: 'minio', binary });
}
