import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkJobName } from '../../domain/check-job.js';
import { JobSpec } from '../../domain/job.js';
import type { JobLeftovers } from '../../ports/job-leftovers.js';
import { errorCode } from './durable-file.js';
import { checkpointsFolder, jobPaths } from './job-folder.js';

const gonePrefix = '.gone-';

/** Folders of jobs that ended on this machine, and what they kept as checkpoints. @param jobs the folder `jobs` of the home */
export function createLocalLeftovers(jobs: string): JobLeftovers {
  return { jobs: endedJobs, checkpoints, removeJob, removeCheckpoints };

  async function endedJobs(): Promise<string[]> {
    const names = await namesIn(jobs);
    return names.filter((name) => !name.startsWith('.') && existsSync(jobPaths(join(jobs, name)).exit));
  }

  async function checkpoints(): Promise<string[]> {
    const root = join(jobs, '..', 'checkpoints');
    const places: string[] = [];
    for (const model of await namesIn(root)) for (const work of await namesIn(join(root, model))) places.push(`${model}/${work}`);
    return places.filter((place) => JobSpec.shape.checkpoints.safeParse(place).success);
  }

  /** Renamed first: half a folder would look like a job that nobody has started yet. */
  async function removeJob(name: string): Promise<void> {
    const folder = join(jobs, checkJobName(name));
    if (!existsSync(jobPaths(folder).exit)) return;
    await rename(folder, join(jobs, `${gonePrefix}${randomBytes(6).toString('hex')}`));
    for (const gone of (await namesIn(jobs)).filter((other) => other.startsWith(gonePrefix)))
      await rm(join(jobs, gone), { recursive: true, force: true, maxRetries: 3 });
  }

  async function removeCheckpoints(place: string): Promise<void> {
    await rm(checkpointsFolder(jobs, JobSpec.shape.checkpoints.unwrap().parse(place)), { recursive: true, force: true, maxRetries: 3 });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
