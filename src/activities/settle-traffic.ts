import { cancellationSignal } from '@temporalio/activity';
import { sameSplit, splitOfChampion } from '../domain/decide/traffic-splits.js';
import { RatchetError } from '../domain/failure.js';
import type { TrafficRouter } from '../ports/traffic-router.js';
import type { Ledger } from './ledger.js';
import { instanceName } from './served-instance.js';

export interface SettleRequest {
  readonly model: string;
  readonly cycle: number;
  readonly reason: string;
  readonly at: string;
}

const TRIES_MAX = 20;

/** Gives all requests to one instance, whatever number is in force. @returns when it was so */
async function sendAllTo(router: TrafficRouter, model: string, instance: string): Promise<string> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const asked = (await router.read(model))?.asked;
    if (asked === undefined) return new Date().toISOString(); // nobody was ever sent anywhere
    const split = splitOfChampion(instance);
    // What a try before has asked for goes on under its number.
    const shift = sameSplit(asked, split) ? asked.shift : asked.shift + 1;
    try {
      await router.shift({ ...asked, shift, ...split }, cancellationSignal());
      return new Date().toISOString();
    } catch (error) {
      if (!(error instanceof RatchetError) || error.type !== 'ShiftStale') throw error;
    }
  }
  throw new RatchetError(
    'RouterUnavailable',
    `traffic of ${model}: expected to be first within ${TRIES_MAX} tries, found another shift each time`,
  );
}

/** Turns back what a rollout that is gone left behind: the traffic first, then the record. Where nothing is exposed, nothing. */
export async function withdrawExposure(
  { ledger, router }: { ledger: Ledger; router: TrafficRouter },
  { model, cycle, reason, at }: SettleRequest,
): Promise<void> {
  const state = (await ledger.readState(model))?.state;
  const exposure = state?.exposure;
  if (state === undefined || exposure?.cycle !== cycle) return;
  const decidedAt = new Date().toISOString();
  const trafficBackAt = state.champion === null ? decidedAt : await sendAllTo(router, model, instanceName(model, state.champion.cycle));
  await ledger.append({
    model,
    key: `${cycle}/withdrawn`,
    body: {
      kind: 'withdrawn',
      cycle,
      candidateDigest: exposure.version.candidateDigest,
      requestedBy: 'ratchet',
      reason,
      analysisDigest: null,
      seenAt: null,
      decidedAt,
      trafficBackAt,
    },
    expects: { openCycle: cycle },
    at,
  });
}
