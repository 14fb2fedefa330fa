import { LabelReading } from '../../domain/label-reading.js';
import type { LabelReader } from '../../ports/label-reader.js';
import { runStepProcess, type StepProcessOptions } from './step-process.js';

/** The join of steps/ratchet_steps/join_labels.py, as a child process. */
export function createLocalLabelReader(options: StepProcessOptions): LabelReader {
  return { read: (question, signal) => runStepProcess('join_labels', { stage: 'labels', ...question }, LabelReading, options, signal) };
}
