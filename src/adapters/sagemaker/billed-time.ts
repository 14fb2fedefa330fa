import type { DescribeTrainingJobResponse } from '@aws-sdk/client-sagemaker';
import type { SeenJob } from './seen-job.js';

type Training = Pick<
  DescribeTrainingJobResponse,
  'ResourceConfig' | 'TrainingStartTime' | 'TrainingEndTime' | 'BillableTimeInSeconds' | 'SecondaryStatusTransitions'
>;

/** It has no machine then. A state that we do not know counts as work. */
const waiting: ReadonlySet<string | undefined> = new Set(['Starting', 'Pending', 'Interrupted']);

/**
 * What a training job is billed for. SageMaker says so at its end; until then it is the time since its start, without that in
 * which it waited for spot machines again. What spot costs less is known at the end alone. Pure.
 * @returns null: nobody says on what machine
 */
export function billedOf(training: Training): SeenJob['billed'] {
  const { InstanceType: machineType, InstanceCount: machines = 1 } = training.ResourceConfig ?? {};
  return machineType ? { ...timeOf(training), machineType, machines } : null;
}

function timeOf({ TrainingStartTime: started, TrainingEndTime: ended, ...training }: Training): { seconds: number; since: string | null } {
  const { BillableTimeInSeconds: billable, SecondaryStatusTransitions: passed = [] } = training;
  if (ended !== undefined && billable !== undefined) return { seconds: billable, since: null };
  if (started === undefined) return { seconds: 0, since: null };
  const states = passed.length > 0 ? passed : [{ Status: 'Training', StartTime: started }];
  let ms = 0;
  for (const [k, { Status, StartTime }] of states.entries()) {
    if (waiting.has(Status)) continue;
    const fromMs = Math.max(started.getTime(), StartTime?.getTime() ?? 0);
    const until = states[k + 1]?.StartTime ?? ended;
    if (until === undefined) return { seconds: ms / 1000, since: new Date(fromMs).toISOString() };
    ms += Math.max(0, until.getTime() - fromMs);
  }
  return { seconds: ms / 1000, since: null };
}
