import type { Feature } from '../domain/data-spec.js';
import { RatchetError } from '../domain/failure.js';
import { inferenceRequest } from '../domain/inference-request.js';
import type { FeatureRow } from '../domain/serving.js';

export interface Prediction {
  readonly scores: readonly number[];
  /** The name of the answer: what a label says of it is keyed by it. null: the server gives none. */
  readonly id: string | null;
  /** As the answering server names itself; null: it does not say. */
  readonly version: string | null;
  readonly instance: string | null;
  /** From the request to the whole answer, in milliseconds. */
  readonly latencyMs: number;
}

export interface PredictRequest {
  /** Of the router, without a path. */
  readonly url: string;
  readonly model: string;
  readonly rows: readonly FeatureRow[];
  readonly features: readonly Pick<Feature, 'name' | 'type'>[];
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/**
 * Asks a model through the router, as any caller does.
 * @throws {RatchetError} InputInvalid: a 4xx, with the server's own words. ServingUnavailable: a 5xx, no answer, or one that
 *   is not of the Open Inference Protocol.
 */
export async function predict({ url, model, rows, features, headers, signal }: PredictRequest): Promise<Prediction> {
  const startedAt = performance.now();
  const { response, text } = await post(`${url.replace(/\/$/, '')}/v2/models/${model}/infer`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(inferenceRequest(features, rows)),
    signal,
  });
  const latencyMs = performance.now() - startedAt;
  if (!response.ok) throw refusal(model, response.status, text);
  return {
    ...readAnswer(model, rows.length, text),
    version: response.headers.get('x-ratchet-version'),
    instance: response.headers.get('x-ratchet-instance'),
    latencyMs,
  };
}

async function post(url: string, request: RequestInit): Promise<{ response: Response; text: string }> {
  try {
    const response = await fetch(url, request);
    return { response, text: await response.text() };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new RatchetError('ServingUnavailable', `the router at ${url} does not answer: ${messageOf(cause)}`, {
      remedy: '`ratchet status` shows whether it runs; `ratchet up` starts that of this machine',
      cause: error,
    });
  }
}

function refusal(model: string, status: number, text: string): RatchetError {
  const words = serversWords(text);
  if (status >= 400 && status < 500) {
    const remedy =
      status === 404
        ? `\`ratchet status ${model}\` shows whether a version of it answers`
        : `correct the request; \`ratchet get ${model} -o yaml\` shows the features and what serving asks for`;
    return new RatchetError('InputInvalid', `${model}: refused with ${status}: ${words}`, { remedy });
  }
  return new RatchetError('ServingUnavailable', `${model}: answered with ${status}: ${words}`, {
    remedy: `\`ratchet status ${model}\` shows which versions should answer`,
  });
}

/** The protocol's `{"error": "…"}`, FastAPI's `{"detail": …}`, or what was sent. */
function serversWords(text: string): string {
  try {
    const { error, detail } = JSON.parse(text) as { error?: unknown; detail?: unknown };
    const words = error ?? detail;
    if (words !== undefined) return typeof words === 'string' ? words : JSON.stringify(words);
  } catch {
    // A proxy in between may answer in plain text.
  }
  return text.trim().slice(0, 2000) || '(no words)';
}

function readAnswer(model: string, rows: number, text: string): Pick<Prediction, 'scores' | 'id'> {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    answer = null;
  }
  const { outputs, id } = (answer ?? {}) as { outputs?: unknown; id?: unknown };
  const output = Array.isArray(outputs) ? (outputs.find(({ name }: { name?: unknown }) => name === 'score') ?? outputs[0]) : undefined;
  const scores = (output as { data?: unknown } | undefined)?.data;
  if (Array.isArray(scores) && scores.length === rows && scores.every((score) => typeof score === 'number'))
    return { scores, id: typeof id === 'string' ? id : null };
  throw new RatchetError(
    'ServingUnavailable',
    `${model}: expected an output with ${rows} numbers, found ${text.slice(0, 200) || 'nothing'}`,
    {
      remedy: 'its server does not speak the Open Inference Protocol V2 as Ratchet reads it',
    },
  );
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || error.name;
}
