import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../servers/free-port.js';
import { startContainer } from './container.js';
import type { Container } from './container.js';
import type { Document } from './server.js';

interface Machine {
  readonly port: number;
  readonly container: Container;
  hasEnded: boolean;
}

export interface Variant {
  readonly name: string;
  weight: number;
  machines: Machine[];
}

export interface ConfigVariant {
  readonly VariantName: string;
  readonly ModelName: string;
  readonly InitialInstanceCount: number;
  readonly InitialVariantWeight: number;
}

/** A busy machine starts a process slowly. */
const answerMsMax = 60_000;

export interface FleetOptions {
  readonly home: string;
  /** What the image holds, and what the role may reach. */
  readonly image: Record<string, string>;
  /** The image's entrypoint: SageMaker adds `serve`. */
  readonly entrypoint?: readonly string[];
  readonly stateMs?: number;
  /** So long a container may answer /ping with anything but 200; SageMaker gives it what its variant says. */
  readonly unwellMs?: number;
}

/** Machines of variants: a process each. */
export function createFakeFleet(models: ReadonlyMap<string, Document>, options: FleetOptions) {
  const { home, image, entrypoint = [], stateMs = 20, unwellMs: unwellMsMax = 1000 } = options;
  let machinesStarted = 0;
  return { start, isHealthy, stop };

  /** @param weightBefore what the variant of that name has now */
  function start(all: unknown, weightBefore: (name: string) => number | undefined): Promise<Variant[]> {
    return Promise.all(
      ((all ?? []) as ConfigVariant[]).map(async (variant) => ({
        name: variant.VariantName,
        weight: weightBefore(variant.VariantName) ?? variant.InitialVariantWeight,
        machines: await Promise.all(Array.from({ length: variant.InitialInstanceCount }, () => startMachine(variant.ModelName))),
      })),
    );
  }

  async function startMachine(modelName: string): Promise<Machine> {
    const { PrimaryContainer } = models.get(modelName) as { PrimaryContainer: { Environment: Record<string, string> } };
    const disk = join(home, 'servers', String(++machinesStarted));
    const port = await freePort();
    const environment = { ...image, ...PrimaryContainer.Environment, SAGEMAKER_BIND_TO_PORT: String(port) };
    const container = startContainer(disk, [...entrypoint, 'serve'], environment, 2000);
    const machine: Machine = { port, container, hasEnded: false };
    void container.end.then(() => (machine.hasEnded = true));
    return machine;
  }

  async function isHealthy({ machines }: Variant): Promise<boolean> {
    for (const machine of machines) {
      const startMs = performance.now();
      for (let unwellMs = Infinity; ; await sleep(stateMs)) {
        const nowMs = performance.now();
        if (machine.hasEnded || nowMs > unwellMs || nowMs - startMs > answerMsMax) return false;
        const answer = await fetch(`http://127.0.0.1:${machine.port}/ping`, { signal: AbortSignal.timeout(answerMsMax) }).catch(() => null);
        if (answer?.ok) break;
        if (answer) unwellMs = Math.min(unwellMs, nowMs + unwellMsMax);
      }
    }
    return true;
  }
}

function stop(variants: readonly Variant[]): void {
  for (const { machines } of variants) for (const { container } of machines) container.stop();
}
