import type { Finding, Path } from '../problem.js';
import type { Rule } from './rule.js';

const runSecondsMax = 28 * 86_400;
/** As in steps/ratchet_steps/runner.py: SageMaker kills two minutes after SIGTERM, and the result must be written by then. */
const graceSecondsMax = 100;

/** What SageMaker would refuse, or do otherwise than one thinks, once a cycle has come that far. */
export const checkSageMaker: Rule = ({ trainer }) => {
  const cluster = trainer?.cluster;
  if (trainer == null || cluster?.kind !== 'sagemaker') return [];
  const at = (...path: Path): Path => ['spec', 'trainer', ...path];
  const { cpus, memoryMiB, memoryMiBMax = memoryMiB, gpus } = trainer.resources;
  const holds = (memory: number) => cluster.machines.some((each) => each.cpus >= cpus && each.memoryMiB >= memory && each.gpus >= gpus);
  const findings: Finding[] = [];
  if (!holds(memoryMiB))
    findings.push({
      path: at('cluster', 'machines'),
      severity: 'error',
      expected: `a machine with ${cpus} cores, ${memoryMiB} MiB and ${gpus} GPUs, as resources asks for`,
      found: cluster.machines.map(({ type }) => type).join(', '),
      remedy: 'add a larger machine, or ask for less',
    });
  else if (!holds(memoryMiBMax))
    findings.push({
      path: at('resources', 'memoryMiBMax'),
      severity: 'error',
      expected: 'at most what one of cluster.machines holds',
      found: String(memoryMiBMax),
      remedy: 'add the larger machine that a starved job is to get',
    });
  if (cluster.spot && cluster.keepAliveSeconds !== undefined)
    findings.push({
      path: at('cluster', 'keepAliveSeconds'),
      severity: 'error',
      expected: 'none beside spot',
      found: String(cluster.keepAliveSeconds),
      remedy: 'SageMaker keeps no spot machine warm: remove one of them',
    });
  if (cluster.spot && trainer.checkpoints === undefined)
    findings.push({
      path: at('cluster', 'spot'),
      atKey: true,
      severity: 'warning',
      message: 'a training on spot machines without checkpoints begins anew each time the machine is taken away',
      remedy: 'write checkpoints into RATCHET_CHECKPOINTS, and set trainer.checkpoints',
    });
  const { graceSeconds } = trainer.checkpoints ?? { graceSeconds: 0 };
  if (graceSeconds > graceSecondsMax)
    findings.push({
      path: at('checkpoints', 'graceSeconds'),
      severity: 'warning',
      message: `SageMaker gives a training ${graceSecondsMax} s from SIGTERM to SIGKILL, whatever is asked for: found ${graceSeconds}`,
      remedy: `write graceSeconds: ${graceSecondsMax}, and see that the last checkpoint takes less`,
    });
  if (trainer.timeLimitSeconds > runSecondsMax)
    findings.push({
      path: at('timeLimitSeconds'),
      severity: 'error',
      expected: `at most ${runSecondsMax} (28 days), SageMaker’s limit`,
      found: String(trainer.timeLimitSeconds),
      remedy: 'lower it, or train elsewhere',
    });
  return findings;
};
