import type { Prediction } from '../../client/predict.js';
import type { FeatureRow } from '../../domain/serving.js';
import { facts, table } from './table.js';

/** The score of one row, or a table of them, and who answered in which time. Pure. */
export function predictionLines(rows: readonly FeatureRow[], { scores, id, version, instance, latencyMs }: Prediction): string[] {
  const answer = [
    ['id', id],
    ['version', version],
    ['instance', instance],
    ['latency', `${latencyMs.toFixed(1)} ms`],
  ] as const;
  const [only] = scores;
  if (rows.length === 1 && only !== undefined) return facts([['score', only], ...answer]);
  return [
    ...table(
      ['ROW', 'SCORE'],
      scores.map((score, index) => [index + 1, score]),
    ),
    '',
    ...facts(answer),
  ];
}
