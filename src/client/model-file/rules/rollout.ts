import type { RolloutSpec, RolloutStep } from '../../../domain/rollout-spec.js';
import type { ServingSpec } from '../../../domain/serving-spec.js';
import type { Finding, Path } from '../problem.js';
import type { Rule } from './rule.js';

const ROLLOUT: Path = ['spec', 'rollout'];

/** A plan that no traffic could follow, or whose numbers would deceive. */
export const checkRollout: Rule = ({ rollout, serving }) => {
  if (rollout === undefined || rollout === null) return [];
  return [...checkServing(rollout, serving), ...checkOrder(rollout.steps), ...checkTimes(rollout), ...checkBake(rollout)];
};

function checkServing({ unit }: RolloutSpec, serving: ServingSpec | null | undefined): Finding[] {
  if (serving === undefined) {
    return [
      {
        path: ROLLOUT,
        atKey: true,
        severity: 'error',
        expected: 'a section serving beside it',
        found: 'none',
        remedy: 'add serving: {}, or remove rollout: without servers there is no traffic to move',
      },
    ];
  }
  if (serving === null || (unit === 'key') === (serving.stickyBy !== undefined)) return [];
  if (unit === 'key') {
    return [
      {
        path: [...ROLLOUT, 'unit'],
        severity: 'error',
        expected: 'request, or serving.stickyBy with the header that keeps a caller with a version',
        found: 'key without serving.stickyBy',
        remedy: 'name the header in serving.stickyBy, or write unit: request',
      },
    ];
  }
  return [
    {
      path: ['spec', 'serving', 'stickyBy'],
      severity: 'error',
      expected: 'rollout.unit: key beside it',
      found: 'unit: request',
      remedy: 'write rollout.unit: key: callers stay with a version, and counting their requests turns harmless challengers back',
    },
  ];
}

function checkOrder(steps: readonly RolloutStep[]): Finding[] {
  const at = (index: number, key: string): Path => [...ROLLOUT, 'steps', index, key];
  return steps.flatMap((step, index): Finding[] => {
    const isLast = index === steps.length - 1;
    if (step.kind === 'full' && !isLast) {
      const remedy = 'move it to the end: after it nothing is left to give';
      return [
        {
          path: at(index, 'kind'),
          severity: 'error',
          expected: 'full as the last step alone',
          found: `step ${index + 1} of ${steps.length}`,
          remedy,
        },
      ];
    }
    if (isLast && step.kind !== 'full') {
      const remedy = 'add { kind: full, bakeSeconds: … }: without it the challenger never answers everything';
      return [{ path: at(index, 'kind'), severity: 'error', expected: 'full as the last step', found: step.kind, remedy }];
    }
    const before = steps.slice(0, index).flatMap((earlier) => (earlier.kind === 'canary' ? [earlier.weightPercent] : []));
    if (before.length === 0) return [];
    if (step.kind === 'shadow') {
      const remedy = 'move it before the first canary, or remove it';
      return [
        { path: at(index, 'kind'), severity: 'error', expected: 'every shadow before the first canary', found: 'shadow after it', remedy },
      ];
    }
    const most = Math.max(...before);
    if (step.kind !== 'canary' || step.weightPercent >= most) return [];
    const remedy = 'order the steps by weight: a rollout that gives traffic back is a rollback';
    return [
      {
        path: at(index, 'weightPercent'),
        severity: 'error',
        expected: `at least ${most}, as in a step before`,
        found: String(step.weightPercent),
        remedy,
      },
    ];
  });
}

function checkTimes({ steps, windowSeconds }: RolloutSpec): Finding[] {
  return steps.flatMap(({ bakeSeconds, bakeSecondsMax }, index): Finding[] => {
    const at = (key: string): Path => [...ROLLOUT, 'steps', index, key];
    const findings: Finding[] = [];
    if (bakeSecondsMax !== undefined && bakeSecondsMax < bakeSeconds) {
      const remedy = 'the step would be given up before it may pass';
      findings.push({
        path: at('bakeSecondsMax'),
        severity: 'error',
        expected: `at least bakeSeconds (${bakeSeconds})`,
        found: String(bakeSecondsMax),
        remedy,
      });
    }
    if (windowSeconds > bakeSeconds) {
      const remedy = 'bake longer, or write a smaller rollout.windowSeconds: a step is judged window by window';
      findings.push({
        path: at('bakeSeconds'),
        severity: 'error',
        expected: `at least one window (windowSeconds ${windowSeconds})`,
        found: String(bakeSeconds),
        remedy,
      });
    }
    return findings;
  });
}

function checkBake({ bake, metrics }: RolloutSpec): Finding[] {
  if (bake.compare !== 'none') return [];
  const hasLimit = metrics.some(
    (metric) =>
      metric.kind === 'distribution' ||
      (metric.kind === 'errors' && metric.shareMax !== undefined) ||
      (metric.kind === 'latency' && metric.p99MsMax !== undefined),
  );
  const path = [...ROLLOUT, 'bake', 'compare'];
  if (hasLimit) {
    const message = 'with nobody to compare with, only absolute limits can turn a promoted version back';
    return [{ path, severity: 'warning', message, remedy: 'write compare: holdback or mirror to find what is worse than before' }];
  }
  const remedy = 'write compare: holdback, or give errors a shareMax or latency a p99MsMax';
  return [
    { path, severity: 'error', expected: 'holdback or mirror, or a metric with an absolute limit', found: 'none, and no limit', remedy },
  ];
}
