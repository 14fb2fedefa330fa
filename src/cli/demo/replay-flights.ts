import type { Feature } from '../../domain/data-spec.js';
import { inferenceRequest } from '../../domain/inference-request.js';
import type { FeatureRow } from '../../domain/serving.js';

const CALLERS = 16;
/** Each of them pauses, as callers do: the machine has other work. */
const PAUSE_MS = 10;

export interface ReplayedFlights {
  readonly answered: number;
  readonly failed: number;
  /** Answers by version. */
  readonly byVersion: ReadonlyMap<string, number>;
  /** The first failures, in words. */
  readonly failures: readonly string[];
}

/** Asks about real flights, sixteen at once, until it is told to stop. */
export function replayFlights(url: string, features: readonly Pick<Feature, 'name' | 'type'>[], rows: readonly FeatureRow[]) {
  const byVersion = new Map<string, number>();
  const failures: string[] = [];
  let [answered, failed, stopping] = [0, 0, false];
  const bodies = rows.map((row) => JSON.stringify(inferenceRequest(features, [row])));
  const calling = Promise.all(Array.from({ length: CALLERS }, (_, caller) => call(caller)));
  return { stop };

  async function call(caller: number): Promise<void> {
    for (let index = caller; !stopping; index += CALLERS) {
      try {
        const response = await fetch(url, {
          method: 'POST',
          body: bodies[index % bodies.length]!,
          headers: { 'content-type': 'application/json' },
        });
        const text = await response.text();
        if (response.ok) {
          answered++;
          const version = response.headers.get('x-ratchet-version') ?? 'unknown';
          byVersion.set(version, (byVersion.get(version) ?? 0) + 1);
        } else fail(`HTTP ${response.status} ${text.slice(0, 200)}`);
      } catch (error) {
        fail(error instanceof Error ? error.message : String(error));
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  function fail(words: string): void {
    failed++;
    if (failures.length < 5) failures.push(words);
  }

  async function stop(): Promise<ReplayedFlights> {
    stopping = true;
    await calling;
    return { answered, failed, byVersion, failures };
  }
}
