import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../temporary-folder.js';
import { ratchet } from './terminal-in-test.js';

const example = fileURLToPath(new URL('../../examples/flight-lateness', import.meta.url));

function modelFile(change: (text: string) => string = (text) => text): string {
  const folder = temporaryFolder();
  cpSync(example, folder, { recursive: true });
  const file = join(folder, 'model.yaml');
  writeFileSync(file, change(readFileSync(file, 'utf8')));
  return file;
}

test('the example is well-formed', async () => {
  const file = modelFile();
  const { code, out } = await ratchet(['lint', '-f', file]);
  expect(code).toBe(0);
  expect(out).toContain('flight-lateness is well-formed');
});

test('a mistake is named with file, line and column, and apply changes nothing', async () => {
  const file = modelFile((text) => text.replace('holdoutDays: 28', 'holdoutDays: 2 weeks'));
  const line =
    readFileSync(file, 'utf8')
      .split('\n')
      .findIndex((text) => text.includes('2 weeks')) + 1;
  const lint = await ratchet(['lint', '-f', file]);
  expect(lint.code).toBe(1);
  expect(lint.out).toContain(`${file}:${line}:`);
  const apply = await ratchet(['apply', '-f', file, '--home', '/nonexistent/x']);
  expect(apply.code).toBe(1);
  expect(apply.err).toContain(`${file}:${line}:`);
  expect(apply.err).toContain('nothing was changed');
});

test('as JSON, every problem has its place', async () => {
  const file = modelFile((text) => text.replace('alpha: 0.05', 'alpa: 0.05'));
  const { code, out } = await ratchet(['lint', '-f', file, '-o', 'json']);
  expect(code).toBe(1);
  const document = JSON.parse(out) as { valid: boolean; problems: { severity: string; line: number }[] };
  expect(document.valid).toBe(false);
  expect(document.problems.filter(({ severity }) => severity === 'error')).toHaveLength(1);
});

test('a file that the spec names and that is not there is a mistake', async () => {
  const file = modelFile((text) => text.replace('files: [train.py', 'files: [trainer.py'));
  const { code, out } = await ratchet(['lint', '-f', file]);
  expect(code).toBe(1);
  expect(out).toContain('trainer.py');
});

test('the schema is JSON Schema', async () => {
  const { code, out } = await ratchet(['schema']);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ $schema: expect.stringContaining('json-schema.org'), type: 'object' });
});

test('a dry run of a model that trains on SageMaker says so before anything is started', async () => {
  const cluster = "{ kind: sagemaker, image: 'a:1', machines: [{ type: ml.m5.xlarge, cpus: 4, memoryMiB: 16384, gpus: 0 }] }";
  const file = modelFile((text) => text.replace('\n  trainer:\n', `\n  trainer:\n    cluster: ${cluster}\n`));
  const { code, err } = await ratchet(['dry-run', '-f', file]);
  expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('spec.trainer.cluster: expected kind: local') });
});
