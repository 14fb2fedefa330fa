import { expect, test } from 'vitest';
import { problemText } from '../../../src/client/model-file/problem.js';
import { readModelFile } from '../../../src/client/model-file/read-model-file.js';
import { expectProblems, type Mistake } from './expect-problems.js';
import { FILES, GOOD_MODEL_FILE, NOW_MS } from './good-model-file.js';

const from = '  triggers:\n';
const cluster = (rest = '') => `    cluster: { kind: sagemaker, image: "server:1", machineType: ml.m5.large${rest} }\n`;
const rollout = (metrics: string, { windowSeconds = 60, seconds = 60, max = 900 } = {}) => `  rollout:
    steps:
      - { kind: shadow, bakeSeconds: ${seconds}, bakeSecondsMax: ${max} }
      - { kind: full, bakeSeconds: 900 }
    bake: { seconds: 3600 }
    metrics:
${metrics}
    windowSeconds: ${windowSeconds}
`;
const serving = (settings: string, more = '', rest = '') => `  serving:\n${cluster(rest)}${settings}${more}${from}`;
const errors = '      - { kind: errors }';

const mistakes: Mistake[] = [
  ['nothing', from, serving('    readySecondsMax: 600\n', rollout(errors), ', metricsSeconds: 60, url: "https://models.example.com"')],
  ['nothing by the ten seconds', from, serving('', rollout(errors, { windowSeconds: 10, max: 160 }), ', metricsSeconds: 10')],
  [
    'what an endpoint has no word for',
    from,
    serving('    timeoutMs: 500\n    rateLimit: { requestsPerSecond: 5 }\n    outlier: { ejectSeconds: 9 }\n'),
    '59:5: error: spec.serving.timeoutMs: expected no timeoutMs beside cluster.kind: sagemaker: SageMaker waits 60 s, whatever it is told, found 500. Leave it out here',
    '60:5: error: spec.serving.rateLimit: expected no rateLimit beside cluster.kind: sagemaker: SageMaker limits nobody: put what stands before the endpoint in charge of it, found {"requestsPerSecond":5}. Leave it out here',
    '61:5: error: spec.serving.outlier: expected no outlier beside cluster.kind: sagemaker: SageMaker itself replaces machines that do not answer /ping, found {"consecutiveErrors":5,"ejectSeconds":9}. Leave it out here',
  ],
  [
    'what neither CloudWatch nor the log knows of all answers',
    from,
    serving(
      '',
      rollout(`${errors}\n      - { kind: latency }\n      - { kind: mean, margin: 0.1, detect: 0.3 }\n      - { kind: distribution }`),
    ),
    '66:17: error: spec.rollout.metrics[1].kind: expected no latency beside serving.cluster.kind: sagemaker: what is judged are counts of each answer; CloudWatch has averages and approximate percentiles, and the log of predictions may miss some, found latency. Leave it out, and name an alarm of CloudWatch on ModelLatency in serving.cluster.alarms; a timeout counts as an error',
  ],
  ['nothing by alarms', from, serving('', rollout(errors), ', alarms: [checkout-p99]')],
  [
    'alarms that nobody looks at',
    from,
    serving('', '', ', alarms: [checkout-p99]'),
    '58:78: warning: spec.serving.cluster.alarms: without a rollout nobody looks at these alarms. Write rollout, or leave them out',
  ],
  [
    'windows that CloudWatch does not know',
    from,
    serving('', rollout(errors, { windowSeconds: 5 })),
    '66:20: error: spec.rollout.windowSeconds: expected at least serving.cluster.metricsSeconds (60): CloudWatch knows nothing shorter, found 5. Write windowSeconds: 60, or let SageMaker tell more often by metricsSeconds: 10',
  ],
  [
    'a step that is over before CloudWatch has told of it',
    from,
    serving('', rollout(errors, { max: 120 })),
    '61:58: error: spec.rollout.steps[0].bakeSecondsMax: expected a step that is given up after 360 s at the earliest: so late CloudWatch has told of its first window, found 120 s. Write bakeSecondsMax: 360 or more',
  ],
  [
    'copies to the version before while one bakes',
    from,
    serving('', rollout(errors).replace('bake: { seconds: 3600 }', 'bake: { seconds: 3600, compare: mirror }')),
    '63:37: error: spec.rollout.bake.compare: expected holdback or none beside serving.cluster.kind: sagemaker: turning back from a mirror would take minutes, found mirror. Write compare: holdback',
  ],
  [
    'a pace that SageMaker does not have',
    from,
    serving('', '', ', metricsSeconds: 20'),
    '58:94: error: spec.serving.cluster.metricsSeconds: expected one of 10, 30, 60, found 20. How often SageMaker tells CloudWatch what was asked; 10 and 30 are its enhanced metrics, and find harm sooner.',
  ],
  [
    'a machine that is none',
    from,
    serving('').replace('ml.m5.large', 'm5.large'),
    '58:65: error: spec.serving.cluster.machineType: expected an instance type such as ml.m5.large, found "m5.large". The instance type; `serving.replicas` says how many a version has.',
  ],
];

test.for(mistakes)('%s', ([, find, to, ...problems]) => expectProblems(find, to, problems));

test('whoever pairs answers by labels is told how they are paired there', () => {
  const text = GOOD_MODEL_FILE.replace(from, serving('', rollout(`${errors}\n      - { kind: quality, margin: 0.1 }`)));
  const { problems } = readModelFile(text, { file: 'm', fileExists: (path) => FILES.includes(path), nowMs: NOW_MS });
  expect(problems.map(problemText)).toContain(
    'm:66:9: info: spec.rollout.metrics[1]: on SageMaker, answers of both versions are paired by the `id` in the body of a request alone. Let callers name each request in its body',
  );
});
