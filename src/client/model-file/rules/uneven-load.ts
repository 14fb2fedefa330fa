import { comparedPercents } from '../../../domain/decide/traffic-splits.js';
import type { Finding } from '../problem.js';
import type { Rule } from './rule.js';

/** Answers are late for the load that a server has, too: tells, where traffic is stated, which arms are compared under very different loads. */
export const tellUnevenLoad: Rule = ({ rollout }) => {
  if (rollout?.traffic === undefined) return [];
  const last = rollout.steps.findIndex(({ kind }) => kind === 'full');
  const latency = rollout.metrics.findIndex(({ kind }) => kind === 'latency');
  if (last < 0 || latency < 0) return [];
  const { challenger, other } = comparedPercents(rollout.steps[last]!, rollout);
  if (challenger <= other) return [];
  const finding: Finding = {
    path: ['spec', 'rollout', 'metrics', latency],
    severity: 'info',
    message: `from the full step on, a challenger with ${challenger}% of the requests is held against a champion with ${other}%: near the limit of its servers it is the later one for its share alone, and turned back`,
    remedy: 'give it servers enough (serving.replicas), or bake.compare: mirror, where both have the same load',
  };
  return [finding];
};
