import type { WebhookPolicy } from '../trigger-policy.js';
import type { DroppedTrigger, QueuedTrigger } from './next-trigger.js';

const MINUTE_MS = 60_000;

/** What comes within a minute is one firing: the alerts of one notification, or of one outage that many series see. */
const TOGETHER_MS = MINUTE_MS;

/** What becomes of webhooks' triggers that must fire several times before they start anything. */
export interface SettledFirings {
  readonly queue: readonly QueuedTrigger[];
  /** Those that were not yet enough, in order. */
  readonly firingsMs: readonly number[];
  readonly withheld: readonly DroppedTrigger[];
}

/**
 * Withholds webhooks' triggers until `firingsMin` of them came within `withinMinutes`; the one that completes them is firm, and
 * counting begins anew. Pure. The same key never comes twice: who sends a message again does not fire again.
 */
export function settleFirings(
  queue: readonly QueuedTrigger[],
  firingsMs: readonly number[],
  hysteresis: WebhookPolicy['hysteresis'],
): SettledFirings {
  if (hysteresis === undefined) return { queue, firingsMs: [], withheld: [] };
  const { firingsMin, withinMinutes } = hysteresis;
  const kept: QueuedTrigger[] = [];
  const withheld: DroppedTrigger[] = [];
  let fired = firingsMs;
  for (const queued of queue) {
    const { trigger, arrivedAtMs } = queued;
    if (trigger.kind !== 'webhook' || queued.isFirm === true) {
      kept.push(queued);
      continue;
    }
    fired = fired.filter((atMs) => arrivedAtMs - atMs < withinMinutes * MINUTE_MS);
    const last = fired.at(-1);
    if (last === undefined || arrivedAtMs - last >= TOGETHER_MS) fired = [...fired, arrivedAtMs];
    if (fired.length >= firingsMin) {
      fired = [];
      kept.push({ ...queued, isFirm: true });
      continue;
    }
    const reason = `${fired.length} of the ${firingsMin} firings within ${withinMinutes} minutes that it takes`;
    withheld.push({ trigger, reason, cause: 'hysteresis' });
  }
  return { queue: kept, firingsMs: fired, withheld };
}
