import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { readRecords } from '../../src/client/ledger-view.js';
import type { ModelVersion } from '../../src/domain/candidate.js';
import type { ObjectStore } from '../../src/ports/object-store.js';
import type { QuickStack } from '../chaos/quick-stack.js';

/** A cycle over the same rows as any other. @returns its number, its outcome, and what was promoted by it */
export async function cycleOver({ cli }: QuickStack, store: ObjectStore, model: string, asOf: string) {
  const ran = await cli(['trigger', model, '--as-of', asOf, '--wait', '--timeout', '3m', '-o', 'json']);
  expect(ran.code, ran.output).toBe(0);
  const { cycle, outcome } = JSON.parse(ran.output.slice(ran.output.indexOf('{'))) as { cycle: number; outcome: string };
  const records = await readRecords(store, model);
  const promoted = records.findLast(({ body }) => body.kind === 'promoted' && body.cycle === cycle)?.body;
  const version: ModelVersion | null = promoted?.kind === 'promoted' ? promoted.version : null;
  return { cycle, outcome, version };
}

/** Applies the model file of test/wiring/model with its training elsewhere. */
export async function trainOn({ cli, modelFile }: QuickStack, cluster: object): Promise<void> {
  const file = readFileSync(modelFile, 'utf8');
  const elsewhere = file.replace(/^( *)timeLimitSeconds: 120$/m, `$&\n$1cluster: ${JSON.stringify(cluster)}`);
  expect(elsewhere).not.toBe(file);
  writeFileSync(modelFile, elsewhere);
  const applied = await cli(['apply', '-f', modelFile]);
  expect(applied.code, applied.output).toBe(0);
}
