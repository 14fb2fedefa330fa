import type { Alarm } from '../../alarm.js';
import type { Analysis } from '../../analysis.js';

/** What was found of the alarms that a plan names; `trouble`: why they could not be asked. */
export type AlarmsLook = { readonly found: readonly Alarm[] } | { readonly trouble: string };

const REASON_LENGTH_MAX = 200;

/**
 * What the counts say, with what alarms say over it, as one sentence before the others. Pure. Failed where one is in ALARM; Error
 * where one cannot be asked or does not exist, which is never a verdict; where one has not enough data nothing is Successful. Harm
 * that the counts have proven stands.
 */
export function heedAlarms(counted: Analysis, names: readonly string[], look: AlarmsLook): Analysis {
  if (counted.phase === 'Failed') return counted;
  const say = (phase: Analysis['phase'], reason: string): Analysis => ({ ...counted, phase, reasons: [reason, ...counted.reasons] });
  if ('trouble' in look) return say('Error', look.trouble);
  const inState = (state: Alarm['state']): Alarm[] => look.found.filter((alarm) => names.includes(alarm.name) && alarm.state === state);
  const [ringing] = inState('ALARM');
  if (ringing !== undefined) return say('Failed', `alarm ${ringing.name} is in ALARM: ${cut(ringing.reason) || 'it gives no reason'}`);
  const missing = names.find((name) => look.found.every((alarm) => alarm.name !== name));
  if (missing !== undefined) return say('Error', `serving.cluster.alarms: expected an alarm ${missing}, found none`);
  const [blind] = inState('INSUFFICIENT_DATA');
  if (blind === undefined || counted.phase === 'Error') return counted;
  return say('Inconclusive', `alarm ${blind.name} has not enough data to say OK`);
}

/** Somebody else's words, in one line. */
function cut(said: string): string {
  const reason = said.replace(/\s+/g, ' ').trim();
  return reason.length > REASON_LENGTH_MAX ? `${reason.slice(0, REASON_LENGTH_MAX)}…` : reason;
}
