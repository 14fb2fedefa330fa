import { z } from 'zod';
import { RatchetError } from '../../../domain/failure.js';
import { inferenceRequest } from '../../../domain/inference-request.js';
import type { FeatureRow, InstanceSpec } from '../../../domain/serving.js';

const Answer = z.object({
  outputs: z.array(z.object({ name: z.string(), shape: z.array(z.number()), data: z.array(z.number()) })).min(1),
});
const ASK_MS = 30_000;

/**
 * Asks one server directly, in as many requests as its `rowsMax` makes of the rows.
 * @returns a score per row
 * @throws {RatchetError} InstanceRefused: it refuses, in its own words, or answers another shape. ServingUnavailable.
 */
export async function inferOn(address: string, spec: InstanceSpec, rows: readonly FeatureRow[], signal: AbortSignal): Promise<number[]> {
  const scores: number[] = [];
  for (let first = 0; first < rows.length; first += spec.rowsMax) {
    scores.push(...(await inferOnce(address, spec, rows.slice(first, first + spec.rowsMax), signal)));
  }
  return scores;
}

async function inferOnce(address: string, spec: InstanceSpec, rows: readonly FeatureRow[], signal: AbortSignal): Promise<number[]> {
  const body = JSON.stringify(inferenceRequest(spec.features, rows));
  const url = `http://${address}/v2/models/${spec.model}/infer`;
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
      signal: AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)]),
    });
  } catch (error) {
    throw new RatchetError('ServingUnavailable', `${spec.name} at ${address}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const text = await response.text();
  if (!response.ok) throw refused(spec, `expected answers, found ${response.status}: ${text.slice(0, 500)}`);
  const parsed = Answer.safeParse(json(text));
  const output = parsed.data?.outputs.find(({ name }) => name === 'probability');
  if (output === undefined) throw refused(spec, `expected an output named probability, found ${text.slice(0, 200)}`);
  if (output.data.length !== rows.length) throw refused(spec, `expected ${rows.length} answers, found ${output.data.length}`);
  return output.data;
}

function refused({ name }: InstanceSpec, what: string): RatchetError {
  return new RatchetError('InstanceRefused', `${name}: ${what}`, {
    remedy: 'nothing got traffic: mend the model, or the features in the model file',
  });
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
