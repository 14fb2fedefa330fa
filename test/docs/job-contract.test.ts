import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commandEnvironment } from '../../src/adapters/local/job-environment.js';
import type { JobSpec } from '../../src/domain/job.js';
import { TrainInput, TrainOutput } from '../../src/domain/stage-jobs.js';

const page = readFileSync(new URL('../../docs/reference/job-contract.md', import.meta.url), 'utf8');
const [input, output] = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text]) => JSON.parse(text!) as Record<string, unknown>);

test('the input and the result on the page are ones that the schemas take, with every field', () => {
  const { recalibrates: _runsNoTrainer, ...handed } = TrainInput.shape;
  expect(Object.keys(TrainInput.parse(input)).sort()).toEqual(Object.keys(handed).sort());
  expect(Object.keys(TrainOutput.parse(output)).sort()).toEqual(Object.keys(TrainOutput.shape).sort());
});

test('every variable that a job gets stands on the page', () => {
  const spec = { name: 'm-c1-train-a1', model: 'm', cycle: 1, environment: {}, resources: { cpus: 1 } } as unknown as JobSpec;
  const variables = Object.keys(commandEnvironment({}, '/jobs/m-c1-train-a1', spec)).filter((name) => !name.startsWith('PYTHON'));
  expect(variables.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
