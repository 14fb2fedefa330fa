import type { ModelSpec } from './model-spec.js';
import { reachOfAnswers } from './monitoring-spec.js';

/** By a cron line, which may be monthly. */
const DAYS_APART_MAX = 31;

/** How long a model's logs are kept, in days. */
export interface LogRetention {
  readonly predictions: number;
  readonly labels: number;
  /** Windows of monitoring that are younger may still be held against a newer one. */
  readonly answers: number;
}

export function logRetention({ monitoring, retention }: Pick<ModelSpec['spec'], 'monitoring' | 'retention'>): LogRetention {
  return { predictions: retention.predictionDays, labels: retention.labelDays, answers: daysOfAnswers(monitoring) };
}

function daysOfAnswers(monitoring: ModelSpec['spec']['monitoring']): number {
  if (monitoring === undefined) return 0;
  const { hours, ofWindows } = reachOfAnswers(monitoring.answers);
  const daysApart = monitoring.schedule?.kind === 'interval' ? monitoring.schedule.everyMinutes / 1440 : DAYS_APART_MAX;
  return Math.ceil(Math.max(hours / 24, ofWindows * daysApart));
}
