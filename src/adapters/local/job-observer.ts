import { statSync } from 'node:fs';
import type { Job } from '../../domain/job.js';
import { lastLine } from '../../domain/job-words.js';
import { createWhole, jobPaths, readEnding, readIdentity, readJson, readOrder, readProgress } from './job-folder.js';
import type { JobEnding } from './job-folder.js';
import { readJobLog } from './job-log.js';
import { hideSecrets } from './job-secrets.js';
import { killAbandonedGroup, killMarked } from './process-group.js';
import { isRunning } from './process-identity.js';

/**
 * What the folder says of a job; null where there is no such job. Where its supervisor is gone without a last word, ends
 * what it left running and writes that word: lost.
 *
 * @param checksProcess look whether the supervisor lives: free on Linux, starts `ps` elsewhere
 */
export function observeJob(folder: string, name: string, { checksProcess }: { checksProcess: boolean }): Job | null {
  const paths = jobPaths(folder);
  const ending = readEnding(folder);
  if (ending) return endedJob(folder, name, ending);
  const claim = readIdentity(paths.claim);
  if (!claim) return readOrder(folder) && { ...unfinished(name), phase: 'Pending' };
  if (checksProcess && !isRunning(claim)) {
    const last = readEnding(folder) ?? settleLost(folder); // it may have ended well just now
    return endedJob(folder, name, last);
  }
  return {
    ...unfinished(name),
    phase: 'Running',
    progress: readProgress(folder),
    startedAt: statSync(paths.claim, { throwIfNoEntry: false })?.mtime.toISOString() ?? null,
  };
}

function unfinished(name: string) {
  return { name, progress: null, output: null, failure: null, startedAt: null, endedAt: null };
}

function endedJob(folder: string, name: string, { failure, startedAt, endedAt }: JobEnding): Job {
  const ended = { name, progress: readProgress(folder), startedAt, endedAt };
  if (failure) return { ...ended, phase: 'Failed', output: null, failure };
  return { ...ended, phase: 'Succeeded', output: readJson(jobPaths(folder).output), failure: null };
}

function settleLost(folder: string): JobEnding {
  const paths = jobPaths(folder);
  const command = readIdentity(paths.command);
  if (command) killAbandonedGroup(command);
  killMarked(`RATCHET_OUTPUT=${paths.output}`);
  const logTail = hideSecrets(readJobLog(paths.log, 4096), process.env);
  const words = lastLine(readJobLog(paths.supervisorLog, 4096));
  const message = `its supervisor process is gone without a result${words && `: ${words}`}`;
  const ending: JobEnding = {
    failure: { type: 'JobLost', message, logTail },
    startedAt: null,
    endedAt: new Date().toISOString(),
    exitCode: null,
    signal: null,
    memoryMiBMax: null,
  };
  return createWhole(folder, paths.exit, ending) ? ending : (readEnding(folder) ?? ending);
}
