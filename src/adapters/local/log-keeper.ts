import { RatchetError } from '../../domain/failure.js';
import { LogsTended } from '../../domain/logs-tended.js';
import type { LogKeeper } from '../../ports/log-keeper.js';
import { runStepProcess, type StepProcessOptions } from './step-process.js';

/** steps/ratchet_steps/tend_logs.py, as a child process. */
export function createLocalLogKeeper(options: StepProcessOptions): LogKeeper {
  return {
    async tend(logs, signal) {
      const output = LogsTended.safeParse(await runStepProcess('tend_logs', { stage: 'logs', ...logs }, options, signal));
      if (output.success) return output.data;
      const [issue] = output.error.issues;
      throw new RatchetError('JobOutputInvalid', `step tend_logs, field ${issue?.path.join('.')}: ${issue?.message}`);
    },
  };
}
