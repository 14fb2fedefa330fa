import { expiredCheckpoints, expiredJobs, type ModelCycles } from '../../domain/decide/expired-jobs.js';
import { RatchetError } from '../../domain/failure.js';
import type { JobLeftovers } from '../../ports/job-leftovers.js';
import type { ObjectStore } from '../../ports/object-store.js';
import type { GarbageOptions } from './collect-garbage.js';
import { batches, isCurrent, surveyAll } from './survey-all.js';

const SURVEYS_MAX = 5;

export interface JobGarbage {
  /** Whether they are gone now, or only could go. */
  readonly deleted: boolean;
  /** Names of jobs whose logs and records are past their retention. */
  readonly jobs: readonly string[];
  /** Places of checkpoints that nobody goes on from. */
  readonly checkpoints: readonly string[];
}

/**
 * Finds what jobs of ended cycles left in these places, and removes it where that is asked for. All ledgers are verified
 * first; where one grew since, all is read again before the next goes. May be repeated, also after it was killed.
 *
 * @throws {RatchetError} as collectGarbage
 */
export async function collectJobs(store: ObjectStore, places: readonly JobLeftovers[], options: GarbageOptions): Promise<JobGarbage> {
  const gone = { jobs: new Set<string>(), checkpoints: new Set<string>() };
  for (let surveys = 1; surveys <= SURVEYS_MAX; surveys++) {
    const survey = await surveyAll(store);
    const models = survey
      .map(({ data, lastOutcome }): ModelCycles => ({ ...data, lastOutcome }))
      .filter(({ model }) => options.model === undefined || options.model === model);
    const found = await Promise.all(
      places.map(async (place) => ({
        place,
        jobs: expiredJobs(models, await place.jobs(), options.nowMs),
        checkpoints: expiredCheckpoints(models, await place.checkpoints(), options.nowMs),
      })),
    );
    const report = (jobs: Iterable<string>, checkpoints: Iterable<string>): JobGarbage => ({
      deleted: options.isDeleting,
      jobs: [...new Set(jobs)].sort(),
      checkpoints: [...new Set(checkpoints)].sort(),
    });
    if (!options.isDeleting)
      return report(
        found.flatMap(({ jobs }) => jobs),
        found.flatMap(({ checkpoints }) => checkpoints),
      );
    const steps = found.flatMap(({ place, jobs, checkpoints }) => [
      ...jobs.map((name) => ({ name, from: gone.jobs, remove: () => place.removeJob(name) })),
      ...checkpoints.map((name) => ({ name, from: gone.checkpoints, remove: () => place.removeCheckpoints(name) })),
    ]);
    if (await removeAll(steps, () => isCurrent(store, survey))) return report(gone.jobs, gone.checkpoints);
  }
  throw new RatchetError(
    'LedgerConflict',
    `${store.uri}: expected ledgers that stand still for a moment, found records added all the time`,
    { remedy: `${gone.jobs.size} jobs and ${gone.checkpoints.size} checkpoints were removed; run it again when fewer cycles start` },
  );
}

interface Step {
  readonly name: string;
  readonly from: Set<string>;
  remove(): Promise<void>;
}

/** @returns false: a ledger grew, what may go must be found out anew */
async function removeAll(steps: readonly Step[], isStillSo: () => Promise<boolean>): Promise<boolean> {
  for (const batch of batches(steps)) {
    if (!(await isStillSo())) return false;
    for (const { name, from, remove } of batch) {
      await remove();
      from.add(name);
    }
  }
  return true;
}
