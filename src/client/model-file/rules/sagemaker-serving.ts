import type { SageMakerServing } from '../../../domain/serving-cluster.js';
import { CLOUDWATCH_LAG_SECONDS } from '../../../domain/sagemaker-servers.js';
import { ServingSpec } from '../../../domain/serving-spec.js';
import { bakeSecondsOf } from '../../../domain/decide/step-times.js';
import type { RolloutSpec } from '../../../domain/rollout-spec.js';
import { valueWords, type Finding, type Path } from '../problem.js';
import type { Rule } from './rule.js';

const SERVING: Path = ['spec', 'serving'];
const ROLLOUT: Path = ['spec', 'rollout'];
const absent = ServingSpec.parse({});

/** What an endpoint does not do, whatever it is told. */
const wordless = {
  stickyBy: 'SageMaker draws each request anew',
  rateLimit: 'SageMaker limits nobody: put what stands before the endpoint in charge of it',
  jwt: 'IAM says who may ask SageMaker',
  timeoutMs: 'SageMaker waits 60 s, whatever it is told',
  concurrentRequestsMax: 'SageMaker has no word for it',
  outlier: 'SageMaker itself replaces machines that do not answer /ping',
} satisfies Partial<Record<keyof ServingSpec, string>>;

const lateness =
  'what is judged are counts of each answer; CloudWatch has averages and approximate percentiles, and the log of predictions may miss some';

/** What a SageMaker endpoint cannot do, and what nobody could see there. */
export const checkSageMakerServing: Rule = ({ serving, rollout }) => {
  if (serving?.cluster?.kind !== 'sagemaker') return [];
  const unwatched = rollout === undefined && (serving.cluster.alarms ?? []).length > 0 ? [alarmsWithoutRollout] : [];
  return [...checkWords(serving), ...unwatched, ...(rollout == null ? [] : checkRollout(rollout, serving.cluster))];
};

function checkWords(serving: ServingSpec): Finding[] {
  return (Object.keys(wordless) as (keyof typeof wordless)[])
    .filter((name) => JSON.stringify(serving[name]) !== JSON.stringify(absent[name]))
    .map((name) => ({
      path: [...SERVING, name],
      atKey: true,
      severity: 'error',
      expected: `no ${name} beside cluster.kind: sagemaker: ${wordless[name]}`,
      found: valueWords(serving[name]),
      remedy: 'leave it out here',
    }));
}

function checkRollout(rollout: RolloutSpec, { metricsSeconds }: SageMakerServing): Finding[] {
  const metrics = rollout.metrics.flatMap(({ kind }, index): Finding[] => {
    if (kind === 'quality') return [pairs(index)];
    if (kind !== 'latency') return [];
    return [
      {
        path: [...ROLLOUT, 'metrics', index, 'kind'],
        severity: 'error',
        expected: `no latency beside serving.cluster.kind: sagemaker: ${lateness}`,
        found: kind,
        remedy: 'leave it out, and name an alarm of CloudWatch on ModelLatency in serving.cluster.alarms; a timeout counts as an error',
      },
    ];
  });
  if (rollout.bake.compare === 'mirror') metrics.push(copiesToTheOld);
  if (rollout.windowSeconds >= metricsSeconds) return [...metrics, ...checkSteps(rollout)];
  const window: Finding = {
    path: [...ROLLOUT, 'windowSeconds'],
    severity: 'error',
    expected: `at least serving.cluster.metricsSeconds (${metricsSeconds}): CloudWatch knows nothing shorter`,
    found: String(rollout.windowSeconds),
    remedy: `write windowSeconds: ${metricsSeconds}, or let SageMaker tell more often by metricsSeconds: 10`,
  };
  return [...metrics, window];
}

const alarmsWithoutRollout: Finding = {
  path: [...SERVING, 'cluster', 'alarms'],
  atKey: true,
  severity: 'warning',
  message: 'without a rollout nobody looks at these alarms',
  remedy: 'write rollout, or leave them out',
};

/** SageMaker makes all machines anew, beside the old ones, to make a shadow an answering version again. */
const copiesToTheOld: Finding = {
  path: [...ROLLOUT, 'bake', 'compare'],
  severity: 'error',
  expected: 'holdback or none beside serving.cluster.kind: sagemaker: turning back from a mirror would take minutes',
  found: 'mirror',
  remedy: 'write compare: holdback',
};

/** Nothing says that the copy of a request is one, but its name. */
function pairs(index: number): Finding {
  return {
    path: [...ROLLOUT, 'metrics', index],
    severity: 'info',
    message: 'on SageMaker, answers of both versions are paired by the `id` in the body of a request alone',
    remedy: 'let callers name each request in its body',
  };
}

/** A step that is given up before CloudWatch could have told two readings of it turns every challenger back. */
function checkSteps({ steps, windowSeconds }: RolloutSpec): Finding[] {
  const seconds = Math.ceil(CLOUDWATCH_LAG_SECONDS + 4 * windowSeconds);
  return steps.flatMap((step, index): Finding[] => {
    const { bakeSecondsMax } = bakeSecondsOf(step);
    if (bakeSecondsMax >= seconds) return [];
    return [
      {
        path: [...ROLLOUT, 'steps', index, step.bakeSecondsMax === undefined ? 'bakeSeconds' : 'bakeSecondsMax'],
        severity: 'error',
        expected: `a step that is given up after ${seconds} s at the earliest: so late CloudWatch has told of its first window`,
        found: `${bakeSecondsMax} s`,
        remedy: `write bakeSecondsMax: ${seconds} or more`,
      },
    ];
  });
}
