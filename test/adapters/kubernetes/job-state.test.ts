import type { V1Job, V1Pod, V1PodStatus } from '@kubernetes/client-node';
import { expect, test } from 'vitest';
import { goneAtMs, stateOf } from '../../../src/adapters/kubernetes/job-state.js';
import { objectName } from '../../../src/adapters/kubernetes/job-names.js';

const createdAt = '2026-01-01T00:00:00.000Z';
const at = (seconds: number) => Date.parse(createdAt) + seconds * 1000;
const job = (conditions: { type: string; reason?: string }[] = [], suspend = false): V1Job => ({
  metadata: { name: 'm-c3-train-a1', creationTimestamp: createdAt as unknown as Date },
  spec: { suspend, template: {} },
  status: { conditions: conditions.map((condition) => ({ ...condition, status: 'True' })) },
});
const pod = (status: V1PodStatus, deletionTimestamp?: string): V1Pod => ({
  metadata: deletionTimestamp === undefined ? {} : { deletionTimestamp: deletionTimestamp as unknown as Date },
  spec: { nodeName: 'node-7', containers: [{ name: 'trainer', resources: { limits: { memory: '512Mi' } } }] },
  status,
});
const disrupted = (reason: string): V1PodStatus => ({
  phase: 'Failed',
  conditions: [{ type: 'DisruptionTarget', status: 'True', reason, message: 'in its own words' }],
});
const running: V1PodStatus = { phase: 'Running', containerStatuses: [containerStatus({ running: { startedAt: createdAt as unknown as Date } })] }; // prettier-ignore
const failed = [{ type: 'Failed', reason: 'PodFailurePolicy' }];

test.for<[says: string, job: V1Job, pod: V1Pod | null, seconds: number, phase: string, words: RegExp | null]>([
  ['preempted', job(failed), pod(disrupted('PreemptionByScheduler')), 60, 'JobLost', /^preempted: .*in its own words/],
  ['its node tainted', job(failed), pod(disrupted('DeletionByTaintManager')), 60, 'JobLost', /node is lost/],
  ['drained', job(failed), pod(disrupted('EvictionByEvictionAPI')), 60, 'JobLost', /drained/],
  ['refused by its node', job(failed), pod({ phase: 'Failed', reason: 'OutOfcpu' }), 60, 'JobLost', /without running \(OutOfcpu\)/],
  ['past its time', job(failed), pod({ phase: 'Failed', reason: 'DeadlineExceeded' }), 60, 'JobTimedOut', /within 100 s/],
  ['past its time, never started', job([{ type: 'Failed', reason: 'DeadlineExceeded' }]), null, 60, 'ClusterFull', /within 300 s/],
  ['its pod gone', job(failed), null, 60, 'JobLost', /pod is gone/],
  ['ending', job(), pod(running, '2026-01-01T00:00:50.000Z'), 60, 'Running', null],
  [
    'ending for ever: nobody hears of its node',
    job(),
    pod(running, '2026-01-01T00:00:50.000Z'),
    111,
    'JobLost',
    /node-7 .* the node is lost/,
  ],
  ['suspended for long', job([], true), null, 10_000, 'Pending', /Kueue/],
  ['without a pod', job(), null, 10, 'Pending', /quota/],
  ['without a pod for too long', job(), null, 301, 'ClusterFull', /found no pod/],
  ['without its claim for a moment', job(), pod(unscheduled('persistentvolumeclaim "data" not found')), 60, 'Pending', /"data" not found/],
  [
    'without its claim',
    job(),
    pod(unscheduled('persistentvolumeclaim "data" not found')),
    121,
    'JobSpecInvalid',
    /trainer.cluster.volumes/,
  ],
  [
    'without its Secret',
    job(),
    pod(waiting('CreateContainerConfigError', 'secret "s" not found')),
    121,
    'JobSpecInvalid',
    /secret "s" not found/,
  ],
  ['with an impossible image', job(), pod(waiting('InvalidImageName', 'no')), 1, 'JobSpecInvalid', /no image’s name/],
  ['its program not there', job(failed), pod(exited(127, 'command "x": expected a program in PATH, found none')), 60, 'JobFailed', /expected a program/], // prettier-ignore
])('a job is told as it is: %s', ([, theJob, thePod, seconds, expected, words]) => {
  const state = stateOf({ job: theJob, pod: thePod, timeLimitSeconds: 100, pendingSecondsMax: 300 }, at(seconds));
  expect(state.fault?.type ?? state.phase).toBe(expected);
  if (words) expect(state.fault?.message ?? state.waitsFor).toMatch(words);
});

test.for<[says: string, toldAt: number | null, podGoneAt: number | null, goneAt: number | null]>([
  ['that nobody told it', null, null, null],
  ['that nobody told it, though its node lost its pod', null, 50, null],
  ['its own time and the grace of its pod', 20, null, 50],
  ['the time of its pod, which holds its grace', 20, 35, 35],
  ['the time of its pod, which was told long before', 200, 35, 35],
])('when a Job should be gone, by %s', ([, toldAt, podGoneAt, goneAt]) => {
  const dateAt = (seconds: number) => new Date(at(seconds)).toISOString();
  const told = { ...(toldAt !== null && { deletionTimestamp: dateAt(toldAt) as unknown as Date }) };
  const theJob = { ...job(), metadata: told, spec: { template: { spec: { containers: [], terminationGracePeriodSeconds: 30 } } } };
  const thePod = podGoneAt === null ? null : pod(running, dateAt(podGoneAt));
  expect(goneAtMs(theJob, thePod)).toBe(goneAt === null ? null : at(goneAt));
});

test('a name that is too long for an object is cut, and stays another one', () => {
  const long = `${'model-'.repeat(9)}c12-train-a`;
  expect(objectName(`${long}1`)).toMatch(/^model-.*-[0-9a-f]{8}$/);
  expect(objectName(`${long}1`).length).toBeLessThanOrEqual(52);
  expect(objectName(`${long}1`)).not.toBe(objectName(`${long}2`));
});

function unscheduled(message: string): V1PodStatus {
  return { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }] };
}

function waiting(reason: string, message: string): V1PodStatus {
  return { phase: 'Pending', containerStatuses: [containerStatus({ waiting: { reason, message } })] };
}

function exited(exitCode: number, message: string): V1PodStatus {
  return { phase: 'Failed', containerStatuses: [containerStatus({ terminated: { exitCode, message } })] };
}

function containerStatus(state: object) {
  return { name: 'trainer', image: 'any', imageID: '', ready: false, restartCount: 0, state };
}
