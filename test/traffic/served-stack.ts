import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createLocalObjectStore } from '../../src/adapters/local/object-store.js';
import { openTraffic } from '../../src/client/traffic-handle.js';
import type { LedgerBody, LedgerRecord } from '../../src/domain/ledger.js';
import { records } from '../chaos/kill-point.js';
import { MODEL, QUICK_STEPS, startQuickStack, type QuickStack } from '../chaos/quick-stack.js';
import { until } from '../chaos/until.js';
import { startSteadyCallers, type SteadyCallers, type SteadyCallersOptions } from './steady-callers.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const realSteps = fileURLToPath(new URL('../../steps', import.meta.url));

export type ServedStack = Awaited<ReturnType<typeof startServedStack>>;

/** Each in place of a text of the model file. */
export type Edits = readonly (readonly [find: string, put: string])[];

interface CallersOptions extends Pick<SteadyCallersOptions, 'headers' | 'onAnswer' | 'pauseMs'> {
  /** Names a request; absent: the server does. */
  nextId?(): string;
}

/** Errors alone, in few windows: where what is tried is not the judgement. */
export const JUDGED_BY_ERRORS: Edits = [
  ['alpha: 0.05', 'alpha: 0.2'],
  ['windowSeconds: 0.5', 'windowSeconds: 0.2'],
  [
    '{ kind: errors, margin: 0.2, detect: 16 }\n      - { kind: latency, margin: 1, detect: 16 }\n      - { kind: mean, margin: 0.1, detect: 0.4 }',
    '{ kind: errors, margin: 0.2, detect: 16 }',
  ],
];

/**
 * A whole stack with Envoy and real model servers, whose first version answers. Challengers are made with a fault at will.
 * @param edits of the model file
 * @param extra variables of every process
 * @param steps folders of packages that stand in place of modules of the steps and the model server
 * @param first how the first version is served, where that is another way
 * @param storeFolder where the store's objects lie, where that is not the home's folder: below an S3 server
 */
export async function startServedStack(
  edits: Edits = [],
  extra: NodeJS.ProcessEnv = {},
  steps: readonly string[] = [],
  first = edits,
  storeFolder?: string,
) {
  const stack = await startQuickStack({
    extra: { ...extra, RATCHET_SERVE_EXAMPLE_FAULTS: '1', QUICK_SECONDS: '0.05' },
    modelFolder: `${here}model`,
    steps: [realSteps, QUICK_STEPS, `${here}steps`, ...steps],
    flags: [],
  });
  const objects = storeFolder ?? stack.home.storeFolder;
  const model = readFileSync(stack.modelFile, 'utf8');
  let plainModel = edited(model, first);
  let cycles = 0;
  await outcomeOf(await challenge({}));
  plainModel = edited(model, edits);
  return { ...stack, stack, challenge, apply, command, outcomeOf, body, url, callers };

  /** Applies the model with this fault and starts a cycle of it. @returns the cycle's number */
  async function challenge(fault: Readonly<Record<string, number>>): Promise<number> {
    writeFileSync(stack.modelFile, plainModel.replace('config: {} # @FAULT@', `config: ${JSON.stringify(fault)}`));
    await succeed(stack, ['apply', '-f', stack.modelFile]);
    const asOf = new Date(Date.UTC(2013, 5, 1) + ++cycles * 30 * 86_400_000).toISOString();
    const key = `challenge-${cycles}`;
    await until(`the trigger ${key} is taken`, async () =>
      (await stack.model()).trigger({ key, kind: 'person', requestedBy: 'traffic', reason: JSON.stringify(fault), asOf }).then(
        () => true,
        () => false,
      ),
    );
    return until(
      `cycle of ${key} in the ledger`,
      () => records(objects).find(({ body: found }) => found.kind === 'cycle-started' && found.trigger.key === key)?.seq,
    );
  }

  /** Says it to the rollout or bake that is open, until somebody hears it. */
  async function command(word: 'pause' | 'resume'): Promise<void> {
    await until(`${word} is heard`, async () => {
      const traffic = openTraffic(await stack.client(), createLocalObjectStore(objects), MODEL, { deadlineSeconds: 5 });
      const isAsItWas = async (): Promise<boolean> => (await traffic.state())?.state.paused === (word === 'pause');
      return traffic.command({ command: word, requestedBy: 'traffic', reason: word }).then(
        () => true,
        () => isAsItWas().catch(() => false), // it was heard, and the answer lost
      );
    });
  }

  async function outcomeOf(cycle: number): Promise<string> {
    return (await body(cycle, 'cycle-ended')).outcome;
  }

  /** Puts the model in force with other settings; the cycles before keep theirs. */
  async function apply(more: Edits): Promise<void> {
    writeFileSync(stack.modelFile, edited(plainModel, more));
    await succeed(stack, ['apply', '-f', stack.modelFile]);
  }

  /** Waits for a record of a cycle. */
  async function body<K extends LedgerBody['kind']>(cycle: number, kind: K, seconds = 500): Promise<Extract<LedgerBody, { kind: K }>> {
    const isIt = ({ body: found }: LedgerRecord): boolean => found.kind === kind && (!('cycle' in found) || found.cycle === cycle);
    return until(`${kind} of cycle ${cycle}`, () => records(objects, cycle).find(isIt)?.body, {
      everyMs: 20,
      seconds,
    }) as never;
  }

  function url(): string {
    return `${stack.endpoints().traffic!.url}/v2/models/${MODEL}/infer`;
  }

  function callers(count = 16, { nextId, ...more }: CallersOptions = {}): SteadyCallers {
    const inputs = [{ name: 'distance', shape: [1], datatype: 'FP64', data: [700] }];
    const body = (): string => JSON.stringify({ id: nextId?.(), inputs });
    return startSteadyCallers({ url: url(), callers: count, body, ...more });
  }
}

function edited(model: string, edits: Edits): string {
  return edits.reduce((text, [find, put]) => {
    if (!text.includes(find)) throw new Error(`model.yaml: expected ${find}, found none`);
    return text.replace(find, put);
  }, model);
}

async function succeed(stack: QuickStack, args: readonly string[]): Promise<void> {
  const { code, output } = await stack.cli(args);
  if (code !== 0) throw new Error(`ratchet ${args.join(' ')} ended with ${code}:\n${output}`);
}
