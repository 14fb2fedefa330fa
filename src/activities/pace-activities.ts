import { monthOf, paceOf, type WindowUsage } from '../domain/decide/cycle-pace.js';
import { machineHolds, type MachineHolds } from '../domain/decide/machine-holds.js';
import type { LedgerRecord } from '../domain/ledger.js';
import { ModelSpec } from '../domain/model-spec.js';
import type { TriggersSpec } from '../domain/trigger.js';
import { costOf, type CostSources } from './cycle-cost.js';
import { getDocument } from './documents.js';
import type { Ledger } from './ledger.js';
import { readWindows } from './monitored-windows.js';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** So many records are read at a time, from the newest back. */
const BATCH = 64;
/** So many windows a month has where one is looked at each hour. */
const HOURS_OF_A_MONTH = 744;

export function createPaceActivities(sources: CostSources) {
  const { store, ledger } = sources;
  return { readHolds };

  /**
   * What holds machines back at a moment, from the ledger alone: what past cycles did is known however the workflow came to be here.
   * @param nowMs workflow time
   */
  async function readHolds({ model, nowMs }: { model: string; nowMs: number }): Promise<MachineHolds> {
    const head = await ledger.readState(model);
    if (head === null || head.state.specDigest === null) return { all: null, kinds: {} };
    const { triggers } = (await getDocument(store, ModelSpec, 'spec', head.state.specDigest)).spec;
    const records = await recordsSince(ledger, model, head.seq, sinceMs(triggers, nowMs));
    const used = await Promise.all([usages(triggers, records, nowMs), windows(model, triggers, nowMs)]);
    return machineHolds(triggers, paceOf(records, used[0], nowMs, used[1]), nowMs);
  }

  /** Only where a budget asks for them. */
  async function usages({ budget }: TriggersSpec, records: readonly LedgerRecord[], nowMs: number) {
    if (budget === undefined) return [];
    const { startMs } = monthOf(nowMs);
    const cycles = records.filter(({ body, at }) => body.kind === 'cycle-started' && Date.parse(at) >= startMs);
    return Promise.all(cycles.map(({ model, seq }) => costOf(sources, { model, cycle: seq })));
  }

  async function windows(model: string, { budget }: TriggersSpec, nowMs: number): Promise<WindowUsage[]> {
    return budget === undefined ? [] : readWindows(store, model, new Date(nowMs).toISOString(), HOURS_OF_A_MONTH);
  }
}

/** How far back what happened can still matter. */
function sinceMs({ cooldownMinutes, policies, budget }: TriggersSpec, nowMs: number): number {
  const cooldowns = [cooldownMinutes, ...Object.values(policies).map((policy) => policy?.cooldownMinutes ?? 0)];
  const paceMs = nowMs - Math.max(DAY_MS, Math.max(...cooldowns) * MINUTE_MS);
  return budget === undefined ? paceMs : Math.min(paceMs, monthOf(nowMs).startMs);
}

/** Records from the newest back to a moment, and the starts of cycles that ended since then, in order. */
async function recordsSince(ledger: Ledger, model: string, head: number, sinceMs: number): Promise<LedgerRecord[]> {
  const records: LedgerRecord[] = [];
  for (let to = head; to > 0; to -= BATCH) {
    const batch = await ledger.readRecords(model, { from: Math.max(1, to - BATCH + 1), to });
    records.unshift(...batch);
    if (batch.length === 0 || Date.parse(batch[0]!.at) < sinceMs) break;
  }
  const known = new Set(records.map(({ seq }) => seq));
  const begunBefore = records.flatMap(({ body }) => (body.kind === 'cycle-ended' && !known.has(body.cycle) ? [body.cycle] : []));
  const begun = await Promise.all(begunBefore.map((cycle) => ledger.readRecords(model, { from: cycle, to: cycle })));
  return [...begun.flat(), ...records];
}
