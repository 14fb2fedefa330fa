import type { Digest } from '../../domain/digest.js';
import { RatchetError } from '../../domain/failure.js';
import { judgeEnd } from '../../domain/job-ending.js';
import type { CommandEnd } from '../../domain/job-ending.js';
import type { Job } from '../../domain/job.js';
import { readJobProgress } from '../../domain/job-progress.js';
import { plainWords } from '../../domain/job-words.js';
import { findJsonFault } from '../../domain/json-fault.js';
import type { ObjectStore } from '../../ports/object-store.js';
import type { SeenJob } from './seen-job.js';

const resultMiBMax = 32;

/** What the runner in the container saw of the end: end.json, written by ratchet_steps/runner.py. */
export interface RunnerEnd extends Omit<CommandEnd, 'outputFault'> {
  readonly startedAt: string;
  readonly endedAt: string;
  readonly spawnFault: string | null;
  readonly outputDigest: Digest | null;
  readonly outputBytes: number | null;
}

export interface JudgedEnd {
  readonly end: RunnerEnd;
  readonly verdict: { readonly type: NonNullable<Job['failure']>['type']; readonly message: string } | null;
  readonly output: unknown;
}

/** What the runner leaves in the store beside the order of its job. */
export function createRunnerPlaces(store: ObjectStore) {
  return { progress, log, end };

  async function progress(seen: SeenJob): Promise<Job['progress']> {
    const bytes = await read(seen, 'progress.json');
    const found = bytes && readJobProgress(Buffer.from(bytes).toString('utf8'));
    return found?.message === undefined ? (found ?? null) : { ...found, message: plainWords(found.message) };
  }

  /** null: the runner has told none. */
  async function log(seen: SeenJob): Promise<string | null> {
    const bytes = await read(seen, 'log');
    return bytes && plainWords(Buffer.from(bytes).toString('utf8'));
  }

  /** null: the runner left no last word. */
  async function end(seen: SeenJob): Promise<JudgedEnd | null> {
    const bytes = await read(seen, 'end.json');
    if (!bytes) return null;
    const said = JSON.parse(Buffer.from(bytes).toString('utf8')) as RunnerEnd;
    const found: RunnerEnd = { ...said, logTail: plainWords(said.logTail), errorTail: plainWords(said.errorTail) };
    if (found.spawnFault !== null) return { end: found, verdict: { type: 'JobFailed', message: found.spawnFault }, output: null };
    const { fault, output } = found.exitCode === 0 ? await result(found) : { fault: null, output: null };
    return { end: found, verdict: judgeEnd({ ...found, outputFault: fault }), output };
  }

  async function result({ outputDigest, outputBytes }: RunnerEnd): Promise<{ fault: string | null; output: unknown }> {
    const expected = 'RATCHET_OUTPUT: expected the result as JSON, found';
    if (outputBytes === null) return { fault: `${expected} no file`, output: null };
    if (outputDigest === null)
      return {
        fault: `RATCHET_OUTPUT: expected a result of at most ${resultMiBMax} MiB, found ${Math.ceil(outputBytes / 2 ** 20)} MiB`,
        output: null,
      };
    const text = Buffer.from(await store.getByDigest(outputDigest)).toString('utf8');
    try {
      return { fault: null, output: JSON.parse(text) };
    } catch (error) {
      return { fault: `${expected} ${findJsonFault(text) ?? String(error)}`, output: null };
    }
  }

  function read({ environment, sageMakerName }: SeenJob, file: string): Promise<Uint8Array | null> {
    const { RATCHET_JOB_ORDER: order, RATCHET_JOB_NAME: name } = environment ?? {};
    if (order === undefined || name === undefined)
      throw new RatchetError('JobConflict', `SageMaker job ${sageMakerName}: expected one that Ratchet started, found another`, {
        remedy: 'give this Ratchet another RATCHET_SAGEMAKER_NAME_PREFIX',
      });
    return store.get(`jobs/${name}/${order.slice('sha256:'.length, 'sha256:'.length + 16)}/${file}`);
  }
}
