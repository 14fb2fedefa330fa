import { RatchetError } from '../domain/failure.js';
import { createTellPeople, type TellPorts } from './tell-people.js';

/** Some three seconds at the backoff of shifts: a proxy that was just killed is back by then. */
const PASSING_ATTEMPTS = 5;

/** Tells people that the traffic of a model cannot be moved, once a day for the same reason. It is tried on meanwhile. */
export function createTellStuck(ports: TellPorts): (model: string, trouble: RatchetError) => Promise<void> {
  const tellPeople = createTellPeople(ports);
  return (model, trouble) =>
    tellPeople({
      id: `${model}/traffic/${new Date().toISOString().slice(0, 10)}/${trouble.type}`,
      model,
      event: 'reconcile',
      severity: 'action',
      title: `${model}: its traffic cannot be moved`,
      text: `${inWords(trouble)}\nIt is tried on until it is so: ratchet rollout status ${model}`,
      to: [],
    });
}

/** What happened, and what to do. */
export function inWords({ message, remedy }: RatchetError): string {
  return remedy === '' ? message : `${message}: ${remedy}`;
}

/** Whether people must hear of it: a full disk at once, a proxy that does not answer when it lasts; another shift is no trouble. */
export function isStuck(error: unknown, attempt: number): error is RatchetError {
  if (!(error instanceof RatchetError) || error.type === 'ShiftStale') return false;
  return error.type !== 'RouterUnavailable' || attempt >= PASSING_ATTEMPTS;
}
