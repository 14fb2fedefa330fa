import type { StateValue } from '@aws-sdk/client-cloudwatch';
import type { Alarm } from '../../domain/alarm.js';
import type { AlarmSource } from '../../ports/alarm-source.js';
import { askedForMetrics } from './read-sums.js';
import { lazyCloudWatch } from './sagemaker-client.js';
import { explainSageMakerError } from './sagemaker-error.js';

/** Alarms of CloudWatch, of one metric and composed of others, in the worker's account and Region. At most 100 names, as a model file has. */
export function createCloudWatchAlarms({ environment = process.env }: { environment?: NodeJS.ProcessEnv } = {}): AlarmSource {
  const client = lazyCloudWatch(environment);
  return {
    async read(names, abortSignal) {
      // Composite ones are told only where they are asked for.
      const input = { AlarmNames: [...names], AlarmTypes: ['MetricAlarm' as const, 'CompositeAlarm' as const], MaxRecords: 100 };
      try {
        const { MetricAlarms = [], CompositeAlarms = [] } = await (await client()).describeAlarms(input, { abortSignal });
        return [...MetricAlarms, ...CompositeAlarms].map(({ AlarmName = '', StateValue, StateReason = '' }) => ({
          name: AlarmName,
          state: stateOf(StateValue),
          reason: StateReason,
        }));
      } catch (error) {
        abortSignal.throwIfAborted();
        throw explainSageMakerError(error, 'CloudWatch DescribeAlarms', askedForMetrics);
      }
    },
  };
}

/** A word that we do not know is no OK. */
function stateOf(value: StateValue | undefined): Alarm['state'] {
  return value === 'OK' || value === 'ALARM' ? value : 'INSUFFICIENT_DATA';
}
