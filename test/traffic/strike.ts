import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning } from '../../src/adapters/local/process-identity.js';
import type { ProcessIdentity } from '../../src/config/endpoints.js';
import { records } from '../chaos/kill-point.js';
import { kill, MODEL } from '../chaos/quick-stack.js';
import { until } from '../chaos/until.js';
import type { ServedStack } from './served-stack.js';

export type Victim =
  | 'the worker'
  | 'Temporal'
  | 'Envoy'
  | 'the serving host'
  | 'the challenger’s server'
  | 'the champion’s server'
  /** All of them, and the supervisor, which is started again. */
  | 'everything';

/** kill -9. One that is just being started again is waited for: a blow that hits nobody proves nothing. */
export async function strike(served: ServedStack, victim: Victim, cycle: number): Promise<void> {
  if (victim === 'everything') return served.stack.killAll();
  const alive = await until(`${victim} lives`, () => {
    const found = processOf(served, victim, cycle);
    return found != null && isRunning(found) ? found : undefined;
  });
  kill(alive.pid);
}

function processOf(served: ServedStack, victim: Exclude<Victim, 'everything'>, cycle: number): ProcessIdentity | null | undefined {
  const { worker, temporal, traffic } = served.stack.endpoints();
  switch (victim) {
    case 'the worker':
      return worker.process;
    case 'Temporal':
      return temporal.process;
    case 'Envoy':
      return traffic?.process;
    case 'the serving host':
      return traffic?.servingHost;
    case 'the challenger’s server':
      return serverOf(served, cycle);
    case 'the champion’s server':
      return serverOf(served, championDuring(served, cycle));
  }
}

/** Who was champion before, and answers on while the new one bakes; after it, the new one. */
function championDuring({ home }: ServedStack, cycle: number): number {
  const { champion, bake } = records(home.storeFolder).at(-1)!.after;
  const isOver = champion!.cycle === cycle && bake === undefined;
  return isOver ? cycle : records(home.storeFolder, cycle)[0]!.after.champion!.cycle;
}

function serverOf({ home }: ServedStack, cycle: number): ProcessIdentity | null {
  try {
    const state = JSON.parse(readFileSync(join(home.servingFolder, `${MODEL}-${cycle}`, 'state.json'), 'utf8')) as {
      replicas: { process: ProcessIdentity | null }[];
    };
    return state.replicas[0]?.process ?? null;
  } catch {
    return null; // not started yet
  }
}
