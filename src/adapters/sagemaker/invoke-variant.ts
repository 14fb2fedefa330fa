import type { ModelError, SageMakerRuntime } from '@aws-sdk/client-sagemaker-runtime';
import { RatchetError } from '../../domain/failure.js';
import type { FeatureRow, InstanceSpec } from '../../domain/serving.js';
import { inferOn } from '../infer.js';
import type { AskServer } from '../infer.js';
import { explainSageMakerError } from './sagemaker-error.js';
import type { AskedFor } from './sagemaker-error.js';

/** Says to the model server that a version is being proven: as PROOF in steps/ratchet_serve/app.py. */
const PROOF = 'ratchet-proof';
/** SageMaker chooses the machine: each of n is met within so many times n questions, but for one time in a million. */
const QUESTIONS_PER_MACHINE = 20;

export const askedForAnswers: AskedFor = { unavailable: 'ServingUnavailable', full: 'ServingUnavailable', refused: 'ServingUnavailable' };

export interface Asked {
  readonly endpoint: string;
  readonly variant: string;
  readonly machines: number;
}

/**
 * Asks a variant past the weights until each of its machines has answered.
 * @returns the scores, per machine
 * @throws {RatchetError} InstanceRefused, ServingUnavailable
 */
export async function askVariant(
  client: () => Promise<SageMakerRuntime>,
  asked: Asked,
  spec: InstanceSpec,
  rows: readonly FeatureRow[],
  signal: AbortSignal,
): Promise<number[][]> {
  const parts = Array.from({ length: Math.ceil(rows.length / spec.rowsMax) }, (_, part) =>
    rows.slice(part * spec.rowsMax, (part + 1) * spec.rowsMax),
  );
  /** By process: what it has answered to each part. */
  const answered = new Map<string, number[][]>();
  for (const [part, some] of parts.entries()) {
    let isWhole = false;
    for (let questions = 0; !isWhole && questions < QUESTIONS_PER_MACHINE * asked.machines; questions++) {
      signal.throwIfAborted();
      const { process, scores } = await askOnce(client, asked, spec, some, signal);
      const known = answered.get(process) ?? [];
      known[part] = scores;
      answered.set(process, known);
      isWhole = [...answered.values()].filter((found) => found[part] !== undefined).length >= asked.machines;
    }
    if (!isWhole)
      throw new RatchetError('ServingUnavailable', `${spec.name}: expected answers of ${asked.machines} machines, found ${answered.size}`);
  }
  // One that was replaced in between has answered some parts only: the others stand for its successor.
  return [...answered.values()].filter((found) => parts.every((_, part) => found[part] !== undefined)).map((found) => found.flat());
}

/** One request to the machine that SageMaker chooses, which says which process it is. */
async function askOnce(
  client: () => Promise<SageMakerRuntime>,
  { endpoint, variant }: Asked,
  spec: InstanceSpec,
  rows: readonly FeatureRow[],
  signal: AbortSignal,
): Promise<{ process: string; scores: number[] }> {
  let process = '';
  const ask: AskServer = async ({ body, signal: abortSignal }) => {
    const runtime = await client();
    const input = {
      EndpointName: endpoint,
      TargetVariant: variant,
      ContentType: 'application/json',
      CustomAttributes: PROOF,
      Body: Buffer.from(body ?? ''),
    };
    try {
      const found = await runtime.invokeEndpoint(input, { abortSignal });
      process = found.CustomAttributes ?? '';
      return { status: 200, text: Buffer.from(found.Body ?? []).toString('utf8') };
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'ModelError')
        throw explainSageMakerError(error, `SageMaker InvokeEndpoint for ${spec.name}`, askedForAnswers);
      // The model server's own answer comes in fields of its own.
      const { OriginalStatusCode: status = 500, OriginalMessage: text = error.message } = error as ModelError;
      return { status, text };
    }
  };
  const scores = await inferOn(ask, spec, rows, signal);
  return { process, scores };
}
