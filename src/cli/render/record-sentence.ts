import { shortDigest } from '../../domain/digest.js';
import type { LedgerRecord } from '../../domain/ledger.js';

/** One line that says what a record decided. */
export function recordSentence({ body }: LedgerRecord): string {
  switch (body.kind) {
    case 'ledger-opened':
      return `ledger opened by ${body.owner} with key ${body.keyId}`;
    case 'owner-changed':
      return `${body.requestedBy} gave the ledger from ${body.from} to ${body.owner}: ${body.reason}`;
    case 'key-added':
      return `${body.requestedBy} admitted key ${body.keyId}`;
    case 'spec-applied':
      return `${body.requestedBy} applied spec ${shortDigest(body.specDigest)} with code ${shortDigest(body.codeDigest)}`;
    case 'paused':
    case 'resumed':
      return `${body.requestedBy} ${body.kind} it${body.reason ? `: ${body.reason}` : ''}`;
    case 'serving-paused':
      return `${body.requestedBy} paused its serving: all requests are refused${body.reason ? `: ${body.reason}` : ''}`;
    case 'serving-resumed':
      return `${body.requestedBy} resumed its serving${body.reason ? `: ${body.reason}` : ''}`;
    case 'cycle-started':
      return `cycle started as of ${body.asOf.slice(0, 10)} (${body.trigger.kind}, ${body.trigger.requestedBy})${body.trigger.commit ? ` for commit ${body.trigger.commit}` : ''}${body.trigger.retryOf ? `, retry of ${body.trigger.retryOf}` : ''}${body.trigger.recipe ? ', recalibration only' : ''}`;
    case 'judged':
      return `cycle ${body.cycle}: ${body.face}, ${body.next}${body.reasons.length > 0 ? `: ${body.reasons.join('; ')}` : ''}`;
    case 'backtested':
      return `${body.requestedBy} tried policy ${shortDigest(body.policyDigest)} on ${body.comparisons} comparisons`;
    case 'approved':
      return `cycle ${body.cycle}: ${body.outcome} by ${body.votes.map((vote) => `${vote.signer} (${vote.decision}, ${vote.assurance})`).join(', ') || 'nobody'}`;
    case 'promoted':
      return `cycle ${body.cycle}: ${body.version.version} is champion${body.becomesAnchor ? ' and anchor' : ''}${body.bakes ? ', and bakes' : ''}: ${body.reason}`;
    case 'exposed':
      return `cycle ${body.cycle}: ${body.version.version} may have ${body.weightPercentMax === 0 ? 'copies of the requests' : `${body.weightPercentMax}% of the requests`} (${body.step})`;
    case 'withdrawn':
      return `cycle ${body.cycle}: turned back by ${body.requestedBy}: ${body.reason} (traffic was back at ${body.trafficBackAt})`;
    case 'baked':
      return `cycle ${body.cycle}: the champion has baked: ${body.reason}`;
    case 'rolled-back':
      return `${body.requestedBy} turned back to ${body.to.version}: ${body.reason}${body.trafficBackAt ? ` (traffic was back at ${body.trafficBackAt})` : ''}`;
    case 'monitored':
      return `monitoring of the window to ${body.window.end.slice(0, 16)} ${[...inWords('asks for a cycle', body.wishes), ...inWords('tells people', body.alerts ?? [])].join('; ')}`;
    case 'cycle-ended':
      return `cycle ${body.cycle} ended: ${body.outcome}${body.reason ? `: ${body.reason}` : ''}`;
  }
}

function inWords(what: string, said: readonly { readonly reason: string }[]): string[] {
  return said.length === 0 ? [] : [`${what}: ${said.map(({ reason }) => reason).join('; ')}`];
}
