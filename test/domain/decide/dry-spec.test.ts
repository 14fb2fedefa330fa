import { expect, test } from 'vitest';
import { drySpec } from '../../../src/domain/decide/dry-spec.js';
import { ModelSpec } from '../../../src/domain/model-spec.js';
import { specWith } from '../../client/audit/past-story.js';

test.for<[days: number, holdoutDays: number]>([
  [1, 1],
  [30, 10],
  [90, 28],
])('over %i days the holdout has %i: at most a third, never more than the spec’s own', ([days, holdoutDays]) => {
  expect(drySpec(specWith(), days).spec.data.window).toEqual({ days, holdoutDays, rowsMin: 1 });
});

test('a rehearsal is a valid spec that keeps trainer, checks and thresholds, and goes no further than a verdict', () => {
  const whole = specWith({ absolute: [{ metric: 'auc', min: 0.65 }], whenNoChampion: 'pass' });
  const dry = drySpec({ ...whole, spec: { ...whole.spec, refit: 'afterPass' } }, 30);
  expect(ModelSpec.parse(dry)).toEqual(dry);
  expect(dry.spec).toMatchObject({ trainer: whole.spec.trainer, checks: whole.spec.checks, evaluation: whole.spec.evaluation });
  expect(dry.spec.gates).toEqual({ ...whole.spec.gates, whenNoChampion: 'requireApproval' });
  expect(dry.spec).toMatchObject({ refit: 'none', approval: { requiredFor: 'always' }, triggers: { schedules: [] } });
  expect(dry.spec).not.toHaveProperty('serving');
  expect(dry.spec).not.toHaveProperty('rollout');
  expect(dry.spec).not.toHaveProperty('monitoring');
});
