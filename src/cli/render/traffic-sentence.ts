import type { LedgerState } from '../../domain/ledger.js';
import { placeInWords, placeOfRoute, urlOf } from '../../domain/serving-cluster.js';
import type { ServingSpec } from '../../domain/serving-spec.js';
import type { RolloutView } from '../../workflows/messages.js';
import { phaseWords } from './phase-words.js';

/** Who answers, in which shares, as the router was last asked. Pure. */
export function splitWords({ split, version, champion }: Pick<RolloutView, 'split' | 'version' | 'champion'>): string {
  if (split === null) return 'as before: nothing has been asked of the router yet';
  const names = { challenger: version, champion: champion ?? 'champion', baseline: `${champion ?? 'champion'} (fresh, to compare)` };
  const shares = split.splits.map(({ arm, weightPercent }) => `${names[arm]} ${weightPercent}%`);
  const copies = split.mirror === null ? '' : `; copies go to ${names[split.mirror.arm]}`;
  return `${shares.join(', ')}${copies}`;
}

/** Who paused a model's serving, and why. Pure. */
export function pausedServingWords({ requestedBy, reason }: NonNullable<LedgerState['servingPaused']>): string {
  return `paused by ${requestedBy}, all requests are refused${reason === '' ? '' : `: ${reason}`}`;
}

/** One line about a model's traffic: who answers, and what moves it. Pure. */
export function trafficSentence(
  views: readonly RolloutView[],
  { champion, servingPaused }: Pick<LedgerState, 'champion' | 'servingPaused'>,
  serving: ServingSpec | undefined,
): string {
  const isPaused = servingPaused !== undefined;
  if (serving === undefined && views.length === 0 && !isPaused) return 'none: its spec has no serving, it is only registered';
  const asked = views.find(({ split }) => split !== null);
  const answers = asked ? splitWords(asked) : champion === null ? 'nobody answers yet' : `${champion.version} 100%`;
  const moves = views.map(({ kind, cycle, state, plan }) => {
    const step = state.phase === 'Progressing' ? `, step ${state.stepIndex + 1} of ${plan.steps.length}` : '';
    return `${kind} of cycle ${cycle}: ${phaseWords(state)}${step}`;
  });
  const paused = isPaused ? [pausedServingWords(servingPaused)] : [];
  return [...paused, `${isPaused ? 'else ' : ''}${answers}`, ...moves, ...placeWords(serving)].join('; ');
}

/** Where the requests are divided, unless before the proxy of the worker's machine. */
function placeWords(serving: ServingSpec | undefined): string[] {
  const place = placeOfRoute(serving?.cluster);
  if (place === undefined) return [];
  const url = urlOf(place);
  return [`divided by ${placeInWords(place)}${url === undefined ? '' : ` at ${url}`}`];
}
