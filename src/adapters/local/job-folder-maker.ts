import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { canonicalJson } from '../../domain/digest.js';
import { RatchetError } from '../../domain/failure.js';
import type { JobFile } from '../../domain/job.js';
import type { ObjectStore } from '../../ports/object-store.js';
import { errorCode } from './durable-file.js';
import { jobPaths } from './job-folder.js';
import type { JobOrder } from './job-folder.js';

const stagedPrefix = '.new-';
const stagedMsMax = 24 * 3_600_000;

/** Makes a job's folder complete, files and all, and then in one rename; does nothing where somebody else was first. */
export async function makeJobFolder(
  jobs: string,
  folder: string,
  order: JobOrder,
  objectStore: ObjectStore,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(jobs, { recursive: true });
  await removeAbandoned(jobs);
  const staged = await mkdtemp(join(jobs, stagedPrefix));
  try {
    await chmod(staged, 0o755);
    const paths = jobPaths(staged);
    await mkdir(paths.work);
    await writeFile(paths.input, canonicalJson(order.spec.input), { flush: true });
    await writeFile(paths.spec, JSON.stringify(order), { flush: true });
    for (const file of order.spec.files) {
      signal.throwIfAborted();
      await fetchFile(paths.work, file, objectStore);
    }
    await rename(staged, folder);
  } catch (error) {
    await rm(staged, { recursive: true, force: true });
    if (!['EEXIST', 'ENOTEMPTY'].includes(errorCode(error) ?? '')) throw error;
  }
}

async function fetchFile(work: string, { path, digest }: JobFile, objectStore: ObjectStore): Promise<void> {
  const target = normalize(path);
  if (path === '' || target.startsWith('..') || target.startsWith('/') || target.endsWith('/'))
    throw new RatchetError('JobSpecInvalid', `job file: expected a path below the job's folder, found ${JSON.stringify(path)}`);
  const bytes = await objectStore.getByDigest(digest);
  await mkdir(dirname(join(work, target)), { recursive: true });
  // A script that starts with #! is meant to be run; its mode did not travel.
  const isScript = bytes[0] === 0x23 && bytes[1] === 0x21;
  await writeFile(join(work, target), bytes, { mode: isScript ? 0o755 : 0o644 });
}

/** What a worker killed in the middle of this left behind. */
async function removeAbandoned(jobs: string): Promise<void> {
  const names = (await readdir(jobs)).filter((name) => name.startsWith(stagedPrefix));
  for (const name of names) {
    const age = await stat(join(jobs, name)).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > stagedMsMax) await rm(join(jobs, name), { recursive: true, force: true });
  }
}
