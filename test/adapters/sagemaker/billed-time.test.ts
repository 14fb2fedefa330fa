import { expect, test } from 'vitest';
import { billedOf } from '../../../src/adapters/sagemaker/billed-time.js';

const at = (minute: number): Date => new Date(Date.UTC(2026, 0, 1, 0, minute));
const passed = (...states: [Status: string, minute: number][]) =>
  states.map(([Status, minute]) => ({ Status: Status as 'Training', StartTime: at(minute) }));
const first = passed(['Starting', 0], ['Downloading', 2], ['Training', 3]);

test.for<[name: string, seen: Omit<Parameters<typeof billedOf>[0], 'ResourceConfig'>, seconds: number, since: Date | null]>([
  ['before it has a machine', { SecondaryStatusTransitions: passed(['Starting', 0]) }, 0, null],
  ['that works, though SageMaker does not say so yet', { TrainingStartTime: at(2), SecondaryStatusTransitions: first }, 60, at(3)],
  ['whose states nobody tells', { TrainingStartTime: at(2) }, 0, at(2)],
  [
    'that waits for a spot machine again',
    { TrainingStartTime: at(2), SecondaryStatusTransitions: [...first, ...passed(['Interrupted', 10])] },
    480,
    null,
  ],
  [
    'that works on its second spot machine',
    {
      TrainingStartTime: at(2),
      SecondaryStatusTransitions: [...first, ...passed(['Interrupted', 10], ['Starting', 12], ['Training', 50])],
    },
    480,
    at(50),
  ],
  [
    'that has ended, for as long as SageMaker says: spot costs less',
    {
      TrainingStartTime: at(2),
      TrainingEndTime: at(12),
      BillableTimeInSeconds: 200,
      SecondaryStatusTransitions: [...first, ...passed(['Completed', 12])],
    },
    200,
    null,
  ],
  [
    'that has ended, before SageMaker says for how long',
    { TrainingStartTime: at(2), TrainingEndTime: at(12), SecondaryStatusTransitions: [...first, ...passed(['Stopped', 12])] },
    600,
    null,
  ],
])('a training is billed: %s', ([, seen, seconds, since]) => {
  const ResourceConfig = { InstanceType: 'ml.g5.xlarge', InstanceCount: 2, VolumeSizeInGB: 1 } as const;
  const machine = { machineType: 'ml.g5.xlarge', machines: 2 };
  expect(billedOf({ ...seen, ResourceConfig })).toEqual({ ...machine, seconds, since: since?.toISOString() ?? null });
});
