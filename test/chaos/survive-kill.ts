import { readdirSync, readFileSync } from 'node:fs';
import { expect, onTestFailed, TestRunner } from 'vitest';
import { isReached, records, registeredVersions, type KillPoint } from './kill-point.js';
import { kill, MODEL, type QuickStack } from './quick-stack.js';
import { tellStack } from './tell-stack.js';
import { until } from './until.js';

export type Victim = 'worker' | 'temporal' | 'mlflow' | 'together' | 'supervisor too';

const DAY_MS = 86_400_000;
let cycles = 0;

/** Kills `victim` the moment `point` of a cycle can be seen. */
export function surviveKill(stack: QuickStack, victim: Victim, point: KillPoint): Promise<void> {
  return surviveBlow(stack, `${victim} at ${point}`, async (cycle) => {
    await until(`${point} of cycle ${cycle}`, () => isReached(stack, point, cycle));
    await strike(stack, victim);
  });
}

/**
 * Runs one cycle, deals it a blow, sees to it that people vote, and holds what is left against the promise: the cycle ends
 * promoted, with exactly one training, one refit where the model file asks for it, one version and one promotion.
 */
export async function surviveBlow(stack: QuickStack, name: string, deal: (cycle: number) => Promise<void>): Promise<void> {
  const tell = async (): Promise<void> => console.error(`${name}: what the stack was at:\n${await tellStack(stack)}`);
  if (TestRunner.getCurrentTest() !== undefined) onTestFailed(tell); // none: it is what a file of tests begins with
  cycles += 1;
  const asOf = new Date(Date.UTC(2013, 5, 1) + cycles * 30 * DAY_MS).toISOString();
  const key = `blow-${cycles}`;
  await persist(async () => (await stack.model()).trigger({ key, kind: 'person', requestedBy: 'chaos', reason: name, asOf }));
  const cycle = await until(
    `cycle of ${key} in the ledger`,
    () => records(stack.home.storeFolder).find(({ body }) => body.kind === 'cycle-started' && body.trigger.key === key)?.seq,
  );

  const voting = vote(stack, cycle);
  await deal(cycle);
  await voting;

  const ended = await until(
    `the end of cycle ${cycle} after ${name}`,
    () => records(stack.home.storeFolder, cycle).find(({ body }) => body.kind === 'cycle-ended')?.body,
    { everyMs: 50 },
  );
  expect(ended).toMatchObject({ cycle, outcome: 'promoted' });
  expect(records(stack.home.storeFolder, cycle).filter(({ body }) => body.kind === 'promoted')).toHaveLength(1);
  const versions = await until(`MLflow answers after ${name}`, async () => {
    const found = await registeredVersions(stack, cycle);
    return found.length > 0 && found; // one that was killed just now does not answer yet
  });
  expect(versions).toHaveLength(1);
  const jobs = (...stages: string[]): string[] => stages.map((stage) => `${MODEL}-c${cycle}-${stage}-a1`);
  expect(trainingsOf(stack, cycle)).toEqual(stack.refits ? jobs('train', 'refit') : jobs('train'));
  expect(
    readdirSync(stack.home.jobsFolder)
      .filter((name) => name.startsWith(`${MODEL}-c${cycle}-`))
      .sort(),
  ).toEqual(jobs('evaluate', 'snapshot', 'train', 'validate', ...(stack.refits ? ['refit', 'agree'] : [])).sort());
  await until(
    `the lifecycle knows that cycle ${cycle} is over`,
    async () => (await persist(async () => (await stack.model()).state()))?.openCycle === null,
    {
      everyMs: 50,
    },
  );
}

export async function strike(stack: QuickStack, victim: Victim): Promise<void> {
  if (victim === 'supervisor too') return stack.killAll();
  const { worker, temporal, mlflow } = stack.endpoints();
  const parts = { worker, temporal, mlflow };
  const struck = victim === 'together' ? (['worker', 'temporal', 'mlflow'] as const) : [victim];
  const pids = struck.map((part) => parts[part].process?.pid).filter((pid) => pid !== undefined);
  pids.forEach(kill);
  await until(`${victim} restarted`, () => {
    const now = stack.endpoints();
    return struck.every((part) => now[part].process !== null && !pids.includes(now[part].process.pid));
  });
}

/** A person who asks again where nobody answered; a second vote by the same person is refused, so it counts once. */
async function vote(stack: QuickStack, cycle: number): Promise<void> {
  const decided = (): boolean =>
    records(stack.home.storeFolder, cycle).some(({ body }) => body.kind === 'approved' || body.kind === 'cycle-ended');
  await until(
    `cycle ${cycle} is approved`,
    async () => {
      if (decided()) return true;
      try {
        const model = await stack.model();
        const { candidateDigest, approval } = await model.cycle(cycle).state();
        if (candidateDigest === null || approval === null || approval.outcome !== null) return false;
        await model.cycle(cycle).vote({ candidateDigest, signer: 'chaos', decision: 'approve', comment: '' });
      } catch {
        // nobody answers, or the vote was counted and its answer lost: the ledger tells
      }
      return false;
    },
    { everyMs: 100 },
  );
}

/** Asks until somebody answers: what is asked has a key, so asking again is the same wish. */
export async function persist<T>(ask: () => Promise<T>): Promise<T> {
  let answer: { value: T } | undefined;
  await until(
    'an answer',
    async () =>
      (answer = await ask().then(
        (value) => ({ value }),
        () => undefined,
      )) !== undefined,
    { everyMs: 200 },
  );
  return answer!.value;
}

function trainingsOf({ trainingsFile }: QuickStack, cycle: number): string[] {
  return readFileSync(trainingsFile, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(`${MODEL}-c${cycle}-`));
}
