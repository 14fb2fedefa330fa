import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface Statement {
  readonly Action: string | string[];
  readonly Resource: string | string[];
  readonly Condition?: unknown;
}

const folder = new URL('../../deploy/sagemaker/', import.meta.url);
const adapters = new URL('../../src/adapters/sagemaker/', import.meta.url);

function statements(file: string): Statement[] {
  return (JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as { Statement: Statement[] }).Statement;
}

const actions = (file: string) => new Set(statements(file).flatMap(({ Action }) => Action));

test('the worker may call what the adapters call, and nothing else of SageMaker and CloudWatch', () => {
  const sources = readdirSync(adapters).map((name) => readFileSync(new URL(name, adapters), 'utf8'));
  const called = sources.flatMap((source) =>
    [...source.matchAll(/(?:client\(\)\s*\)|sageMaker|runtime)\s*\.([a-z]+[A-Z]\w+)\(/g)].map(([, name]) => name!),
  );
  const allowed = ['worker-policy.json', 'serving-policy.json']
    .flatMap((file) => [...actions(file)])
    .filter((action) => /^(sagemaker|cloudwatch):/.test(action));
  const service = (name: string): string => (['getMetricData', 'describeAlarms'].includes(name) ? 'cloudwatch' : 'sagemaker');
  expect(new Set(called.map((name) => `${service(name)}:${name[0]!.toUpperCase()}${name.slice(1)}`))).toEqual(new Set(allowed));
});

test.for(['job-policy.json', 'server-policy.json'])(
  'by %s it reads and writes data, cannot touch a ledger or delete, starts nothing',
  (file) => {
    expect([...actions(file)].filter((action) => /^(sagemaker|iam):|Delete|\*/.test(action))).toEqual([]);
    const written = statements(file).flatMap(({ Resource }) => Resource);
    expect(written.filter((resource) => /ledger|keys|my-bucket\/(ratchet\/)?\*$/.test(resource))).toEqual([]);
  },
);

test('whoever may act on all resources may only list, read counts and alarms, and sign in', () => {
  const everywhere = readdirSync(folder).flatMap((file) =>
    statements(file).flatMap(({ Action, Resource, Condition }) => (Resource === '*' && Condition === undefined ? Action : [])),
  );
  expect(new Set(everywhere)).toEqual(
    new Set([
      'sagemaker:ListTrainingJobs',
      'sagemaker:ListProcessingJobs',
      'sagemaker:ListModels',
      'sagemaker:ListEndpointConfigs',
      'cloudwatch:GetMetricData',
      'cloudwatch:DescribeAlarms',
      'ecr:GetAuthorizationToken',
    ]),
  );
});
