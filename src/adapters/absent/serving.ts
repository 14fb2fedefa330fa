import { RatchetError, type FailureType } from '../../domain/failure.js';
import { refuseHold } from '../../domain/route-fence.js';
import type { LabelReader } from '../../ports/label-reader.js';
import type { MetricSource } from '../../ports/metric-source.js';
import type { Serving } from '../../ports/serving.js';
import type { TrafficRouter } from '../../ports/traffic-router.js';

/** Serving where there is none: what needs it is refused with the reason, what only asks finds nothing. */
export function createAbsentServing(why: string): { serving: Serving; router: TrafficRouter; metrics: MetricSource; labels: LabelReader } {
  const refuse = (type: FailureType) => (): Promise<never> => Promise.reject(new RatchetError(type, `nothing is served here: ${why}`));
  return {
    serving: {
      prepare: refuse('InstanceNotReady'),
      ask: refuse('InstanceRefused'),
      describe: () => Promise.resolve(null),
      list: () => Promise.resolve([]),
      retire: () => Promise.resolve(),
    },
    router: {
      shift: refuse('RouterRefused'),
      hold: async (model, isHeld) => refuseHold(model, isHeld, 'none'),
      read: () => Promise.resolve(null),
      refresh: () => Promise.resolve(),
      url: '',
    },
    metrics: { read: refuse('MetricsUnavailable') },
    labels: { read: refuse('MetricsUnavailable') },
  };
}
