import { LogsTended } from '../../domain/logs-tended.js';
import type { LogKeeper } from '../../ports/log-keeper.js';
import { runStepProcess, type StepProcessOptions } from './step-process.js';

/** steps/ratchet_steps/tend_logs.py, as a child process. */
export function createLocalLogKeeper(options: StepProcessOptions): LogKeeper {
  return { tend: (logs, signal) => runStepProcess('tend_logs', { stage: 'logs', ...logs }, LogsTended, options, signal) };
}
