import { constants } from 'node:os';
import type { V1Pod } from '@kubernetes/client-node';
import { judgeEnd } from '../../domain/job-ending.js';
import type { JobFailureType } from '../../domain/job.js';
import { findJsonFault } from '../../domain/json-fault.js';
import { RESULT_BYTES_MAX } from './job-manifest.js';
import { CONTAINER } from './job-names.js';

export interface Fault {
  readonly type: JobFailureType;
  readonly message: string;
}

/** What took a pod away, by the reason of its condition DisruptionTarget. */
const disruptions: Readonly<Record<string, string>> = {
  PreemptionByScheduler: 'preempted: a pod of higher priority needed its room',
  DeletionByTaintManager: 'its node is lost or was tainted',
  EvictionByEvictionAPI: 'evicted: its node is being drained',
  DeletionByPodGC: 'its node is gone',
  TerminationByKubelet: 'its node took it down',
};

/** What the end of a pod means: a fault, or the text of the job's result. Pure. */
export function judgePod(
  pod: V1Pod,
  { timeLimitSeconds }: { timeLimitSeconds: number },
): { fault: Fault; result: null } | { fault: null; result: string } {
  const { reason, message = '', conditions = [] } = pod.status ?? {};
  if (reason === 'DeadlineExceeded') return fault('JobTimedOut', `expected to end within ${timeLimitSeconds} s, found it still running`);
  const end = pod.status?.containerStatuses?.find(({ name }) => name === CONTAINER)?.state?.terminated;
  const disruption = conditions.find(({ type, status }) => type === 'DisruptionTarget' && status === 'True');
  if (disruption && end?.exitCode !== 0) {
    const why = disruptions[disruption.reason ?? ''] ?? `disrupted (${disruption.reason})`;
    return fault('JobLost', withWords(reason === 'Evicted' ? `evicted: ${why}` : why, disruption.message ?? message));
  }
  if (!end) return fault('JobLost', withWords(`its pod ended without running${reason ? ` (${reason})` : ''}`, message));
  const memoryMiBLimit = memoryMiB(pod);
  if (end.reason === 'OOMKilled')
    return fault('JobOutOfMemory', `expected at most ${memoryMiBLimit} MiB of memory, found more: the kernel ended it (OOMKilled)`);
  // 128 + a signal's number, as a shell says it; Kubernetes itself leaves `signal` empty.
  const signal = signalOf(end.signal || end.exitCode - 128);
  const said = end.exitCode === 0 ? '' : (end.message ?? '');
  const result = end.message ?? '';
  const verdict = judgeEnd({
    exitCode: signal === null ? end.exitCode : null,
    signal,
    endedFor: null,
    outputFault: end.exitCode === 0 ? resultFault(result) : null,
    memoryMiBMax: 0,
    memoryMiBLimit,
    timeLimitSeconds,
    kernelOom: false,
    logTail: said,
    errorTail: said,
  });
  return verdict ? { fault: verdict, result: null } : { fault: null, result };
}

function fault(type: JobFailureType, message: string): { fault: Fault; result: null } {
  return { fault: { type, message }, result: null };
}

function resultFault(text: string): string | null {
  if (text === '') return 'RATCHET_OUTPUT: expected the result as JSON, found no file';
  if (Buffer.byteLength(text) >= RESULT_BYTES_MAX)
    return `RATCHET_OUTPUT: expected a result of less than ${RESULT_BYTES_MAX} bytes, found more: put what is long into the object store and its digest into the result`;
  const found = findJsonFault(text);
  return found === null ? null : `RATCHET_OUTPUT: expected the result as JSON, found ${found}`;
}

function withWords(message: string, words: string): string {
  return words ? `${message}: ${words.trim().slice(0, 500)}` : message;
}

function signalOf(number: number): NodeJS.Signals | null {
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return found ? (found[0] as NodeJS.Signals) : null;
}

/** The API server writes 1024Mi as 1Gi. */
function memoryMiB(pod: V1Pod): number {
  const limit = pod.spec?.containers.find(({ name }) => name === CONTAINER)?.resources?.limits?.['memory'] ?? '';
  const [, amount, unit = 'Mi'] = /^(\d+)(Mi|Gi|Ti)$/.exec(limit) ?? [];
  return Number(amount ?? 0) * { Mi: 1, Gi: 2 ** 10, Ti: 2 ** 20 }[unit]!;
}
