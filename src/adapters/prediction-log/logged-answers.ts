import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { SCORE_BINS } from '../../domain/latency-edges.js';
import type { ArmCounts } from '../../domain/traffic-window.js';

/** What answers were. */
export type AnswerCounts = Pick<ArmCounts, 'scores' | 'scoreSum'>;

/** A row of the prediction log, as steps/ratchet_serve/shipper.py writes it. */
export interface LoggedAnswer {
  readonly timeMs: number;
  readonly instance: string;
  readonly output: number;
}

export const noAnswers: AnswerCounts = { scores: Array<number>(SCORE_BINS).fill(0), scoreSum: 0 };

/** The answers of one file. Of one that cannot be read nothing is known. */
export async function readAnswers(content: Uint8Array): Promise<LoggedAnswer[]> {
  const file = content.slice().buffer;
  const rows = await parquetReadObjects({ file, columns: ['time', 'instance', 'output'], compressors }).catch(() => []);
  return rows.flatMap(({ time, instance, output }): LoggedAnswer[] => {
    const timeMs = Date.parse(String(time));
    if (Number.isNaN(timeMs) || typeof output !== 'number' || !Number.isFinite(output)) return [];
    return [{ timeMs, instance: String(instance), output }];
  });
}

/** Counts as the model server's own metrics do: steps/ratchet_serve/metrics.py. Pure. */
export function countOutputs(outputs: readonly number[]): AnswerCounts {
  const scores = [...noAnswers.scores];
  for (const output of outputs) {
    const bin = Math.min(SCORE_BINS - 1, Math.max(0, Math.trunc(output * SCORE_BINS)));
    scores[bin] = scores[bin]! + 1;
  }
  return { scores, scoreSum: outputs.reduce((sum, output) => sum + output, 0) };
}

/** Both together. Pure. */
export function addAnswers(left: AnswerCounts, right: AnswerCounts): AnswerCounts {
  return { scores: left.scores.map((count, at) => count + right.scores[at]!), scoreSum: left.scoreSum + right.scoreSum };
}
