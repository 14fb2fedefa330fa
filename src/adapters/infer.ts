import { z } from 'zod';
import { RatchetError } from '../domain/failure.js';
import { inferenceRequest } from '../domain/inference-request.js';
import type { FeatureRow, InstanceSpec } from '../domain/serving.js';

const Answer = z.object({
  outputs: z.array(z.object({ name: z.string(), shape: z.array(z.number()), data: z.array(z.number()) })).min(1),
});
const ASK_MS = 30_000;

/** One request to one server, however it is reached. @throws {Error} it cannot be reached */
export type AskServer = (request: {
  readonly path: string;
  /** JSON; absent: a GET. */
  readonly body?: string;
  readonly signal: AbortSignal;
}) => Promise<{ readonly status: number; readonly text: string }>;

/** Asks at `host:port`. */
export function askAt(address: string): AskServer {
  return async ({ path, body, signal }) => {
    const asked = body === undefined ? {} : { method: 'POST', body, headers: { 'content-type': 'application/json' } };
    const response = await fetch(`http://${address}${path}`, { ...asked, signal });
    return { status: response.status, text: await response.text() };
  };
}

/**
 * Asks one server directly, in as many requests as its `rowsMax` makes of the rows.
 * @returns a score per row
 * @throws {RatchetError} InstanceRefused: it refuses, in its own words, or answers another shape. ServingUnavailable.
 */
export async function inferOn(ask: AskServer, spec: InstanceSpec, rows: readonly FeatureRow[], signal: AbortSignal): Promise<number[]> {
  const scores: number[] = [];
  for (let first = 0; first < rows.length; first += spec.rowsMax) {
    scores.push(...(await inferOnce(ask, spec, rows.slice(first, first + spec.rowsMax), signal)));
  }
  return scores;
}

async function inferOnce(ask: AskServer, spec: InstanceSpec, rows: readonly FeatureRow[], signal: AbortSignal): Promise<number[]> {
  const body = JSON.stringify(inferenceRequest(spec.features, rows));
  const path = `/v2/models/${spec.model}/infer`;
  let answer: Awaited<ReturnType<AskServer>>;
  try {
    answer = await ask({ path, body, signal: AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)]) });
  } catch (error) {
    if (error instanceof RatchetError) throw error;
    throw new RatchetError('ServingUnavailable', `${spec.name}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const { status, text } = answer;
  if (status < 200 || status > 299) throw refused(spec, `expected answers, found ${status}: ${text.slice(0, 500)}`);
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
