import { delimiter, dirname } from 'node:path';
import type { JobSpec } from '../../domain/job.js';
import { checkpointsFolder, jobPaths } from './job-folder.js';

/** What a job may see of the worker's environment. Everything else stays with the worker. */
const passedOn =
  /^(PATH|HOME|USER|LOGNAME|LANG|LC_[A-Z]+|TZ|TMPDIR|(AWS|MLFLOW|SSL)_[A-Z0-9_]+|RATCHET_STORE_KMS_KEY_ID|(REQUESTS|CURL)_CA_BUNDLE|(HTTP|HTTPS|ALL|NO)_PROXY|(http|https|all|no)_proxy)$/;

/**
 * The environment that a supervisor gets, and its job after it. Secrets travel only here, never through a file.
 *
 * @param pythonBin folder of the Python environment's commands; null: whatever PATH has
 * @param stepsPath folder of the package ratchet_steps
 */
export function supervisorEnvironment(
  worker: NodeJS.ProcessEnv,
  { pythonBin, stepsPath, storeUri }: { pythonBin: string | null; stepsPath: string | null; storeUri: string },
): Record<string, string> {
  const passed = Object.entries(worker).flatMap(([name, value]) =>
    value !== undefined && passedOn.test(name) ? [[name, value] as const] : [],
  );
  const environment = Object.fromEntries(passed);
  return {
    ...environment,
    ...(pythonBin !== null && { PATH: [pythonBin, environment.PATH].filter(Boolean).join(delimiter) }),
    ...(stepsPath !== null && { PYTHONPATH: stepsPath }),
    RATCHET_STORE_URI: storeUri,
  };
}

/** What the job's command gets: the supervisor's environment, what its spec asks for, and the job contract, which nothing overrides. */
export function commandEnvironment(supervisor: NodeJS.ProcessEnv, folder: string, spec: JobSpec): NodeJS.ProcessEnv {
  const paths = jobPaths(folder);
  const threads = String(Math.max(1, Math.floor(spec.resources.cpus)));
  return {
    ...supervisor,
    // More threads than processors make small fits many times slower.
    OMP_NUM_THREADS: threads,
    OPENBLAS_NUM_THREADS: threads,
    PYTHONUNBUFFERED: '1',
    PYTHONHASHSEED: '0',
    ...spec.environment,
    ...(spec.environment.PYTHONPATH !== undefined && {
      PYTHONPATH: [supervisor.PYTHONPATH, spec.environment.PYTHONPATH].filter(Boolean).join(delimiter),
    }),
    RATCHET_INPUT: paths.input,
    RATCHET_OUTPUT: paths.output,
    RATCHET_PROGRESS: paths.progress,
    RATCHET_CHECKPOINTS: spec.checkpoints === undefined ? undefined : checkpointsFolder(dirname(folder), spec.checkpoints),
    RATCHET_STORE_URI: supervisor.RATCHET_STORE_URI,
    RATCHET_JOB_NAME: spec.name,
    RATCHET_MODEL: spec.model,
    RATCHET_CYCLE: String(spec.cycle),
  };
}
