import { test } from 'vitest';
import { expectProblems, type Mistake } from './expect-problems.js';

const from = '    timeLimitSeconds: 600\n';
const cluster = (rest: string, machines = '{ type: ml.m5.large, cpus: 2, memoryMiB: 8000 }') =>
  `    cluster: { kind: sagemaker, image: "trainer:1", machines: [${machines}]${rest} }\n`;

const mistakes: Mistake[] = [
  ['nothing', from, from + cluster('')],
  [
    'no machine that is large enough',
    from,
    from + cluster('', '{ type: ml.t3.medium, cpus: 2, memoryMiB: 1000 }'),
    '32:63: error: spec.trainer.cluster.machines: expected a machine with 1 cores, 2048 MiB and 0 GPUs, as resources asks for, found ml.t3.medium. Add a larger machine, or ask for less',
  ],
  [
    'none for a job that starved',
    from,
    from + cluster('', '{ type: ml.t3.medium, cpus: 2, memoryMiB: 3000 }'),
    '30:49: error: spec.trainer.resources.memoryMiBMax: expected at most what one of cluster.machines holds, found 4096. Add the larger machine that a starved job is to get',
  ],
  [
    'a warm machine beside spot, without checkpoints',
    from,
    from + cluster(', spot: {}, keepAliveSeconds: 600'),
    '32:114: warning: spec.trainer.cluster.spot: a training on spot machines without checkpoints begins anew each time the machine is taken away. Write checkpoints into RATCHET_CHECKPOINTS, and set trainer.checkpoints',
    '32:142: error: spec.trainer.cluster.keepAliveSeconds: expected none beside spot, found 600. SageMaker keeps no spot machine warm: remove one of them',
  ],
  [
    'tags whose names are taken, or are none',
    from,
    from + cluster(', tags: { team: risk, aws:x: a, Ratchet:model: b, "": c }'),
    '32:134: error: spec.trainer.cluster.tags.aws:x: expected a name that does not begin with aws: or ratchet:, which are taken, found "aws:x". Rename the key',
    '32:144: error: spec.trainer.cluster.tags.Ratchet:model: expected a name that does not begin with aws: or ratchet:, which are taken, found "Ratchet:model". Rename the key',
    '32:162: error: spec.trainer.cluster.tags.: expected 1 to 128 letters, found "". Rename the key',
  ],
  ['as long a grace as SageMaker gives', from, `${from}${cluster('')}    checkpoints: { graceSeconds: 100 }\n`],
  [
    'a longer grace',
    from,
    `${from}${cluster('')}    checkpoints: { graceSeconds: 101 }\n`,
    '33:34: warning: spec.trainer.checkpoints.graceSeconds: SageMaker gives a training 100 s from SIGTERM to SIGKILL, whatever is asked for: found 101. Write graceSeconds: 100, and see that the last checkpoint takes less',
  ],
  [
    'a time limit that SageMaker does not know',
    from,
    `    timeLimitSeconds: 2592000\n${cluster('')}`,
    '31:23: error: spec.trainer.timeLimitSeconds: expected at most 2419200 (28 days), SageMaker’s limit, found 2592000. Lower it, or train elsewhere',
  ],
];

test.for(mistakes)('%s', ([, from, to, ...problems]) => expectProblems(from, to, problems));
