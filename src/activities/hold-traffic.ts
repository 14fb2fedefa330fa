import { cancellationSignal } from '@temporalio/activity';
import type { LedgerState } from '../domain/ledger.js';
import type { RouteReading, TrafficRouter } from '../ports/traffic-router.js';
import type { Ledger } from './ledger.js';
import type { Fault } from './traffic-fault.js';

interface Ports {
  readonly ledger: Ledger;
  readonly router: TrafficRouter;
}

/**
 * Refuses a model's requests, or lets them through, as the ledger says by the time that it is so: of two that are under way the
 * newer record wins.
 * @returns whether they are refused
 */
export async function holdAsRecorded({ ledger, router }: Ports, model: string): Promise<boolean> {
  const read = async (): Promise<boolean> => isPaused((await ledger.readState(model))?.state);
  for (let wanted = await read(); ; wanted = !wanted) {
    await router.hold(model, wanted, cancellationSignal());
    if ((await read()) === wanted) return wanted;
  }
}

/**
 * Where requests are let through that the ledger says are refused, or the other way round. A pause under way is looked at twice.
 * Where there is no route to look at, the proxy is told all the same: it may still answer by what lies in its files.
 */
export async function faultOfHold(ports: Ports, model: string, state: LedgerState, reading: RouteReading | null): Promise<Fault[]> {
  const repair = async (): Promise<void> => void (await holdAsRecorded(ports, model));
  if (reading === null) {
    if (isPaused(state)) await repair();
    return [];
  }
  if (isPaused(state) === reading.isHeld) return [];
  const again = await ports.router.read(model);
  const now = isPaused((await ports.ledger.readState(model))?.state);
  if (again === null || now === again.isHeld) return [];
  const what = now ? 'serving is paused, and they are let through' : 'serving is not paused, and they are refused';
  return [{ what: `requests: ${what}`, byHand: false, repair }];
}

function isPaused(state: LedgerState | undefined): boolean {
  return state?.servingPaused !== undefined;
}
