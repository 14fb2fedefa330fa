import { RatchetError } from '../../domain/failure.js';
import { LabelReading } from '../../domain/label-reading.js';
import type { LabelReader } from '../../ports/label-reader.js';
import { runStepProcess, type StepProcessOptions } from './step-process.js';

/** The join of steps/ratchet_steps/join_labels.py, as a child process. */
export function createLocalLabelReader(options: StepProcessOptions): LabelReader {
  return {
    async read(question, signal) {
      const output = LabelReading.safeParse(await runStepProcess('join_labels', { stage: 'labels', ...question }, options, signal));
      if (output.success) return output.data;
      const [issue] = output.error.issues;
      throw new RatchetError('JobOutputInvalid', `step join_labels, field ${issue?.path.join('.')}: ${issue?.message}`);
    },
  };
}
