import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import type { Analysis } from '../domain/analysis.js';
import type { AnalysisState } from '../domain/decide/analysis/analyse.js';
import type { Digest } from '../domain/digest.js';
import { documentBytes } from '../domain/document.js';
import type { WatchDocument } from '../domain/watch-document.js';
import type { ObjectStore } from '../ports/object-store.js';
import { watchArms as watch, type Watched, type WatchPorts, type WatchRequest } from './watch-arms.js';

export interface WatchActivityPorts extends WatchPorts {
  readonly store: ObjectStore;
}

export interface WatchResult {
  /** null: it was told to stop before there was a decision. */
  readonly phase: Analysis['phase'] | null;
  readonly analysis: Analysis;
  readonly state: AnalysisState;
  /** The document of what was seen; null: the store could not take it in time, and nobody waited for it. */
  readonly seen: Digest | null;
  /** The end of the last window. */
  readonly seenAt: string;
}

/** A worker that is gone is noticed within two seconds, whatever the window. */
const BEAT_MS = 500;
/** Turning back does not wait for a store that is away. */
const PUT_MS_MAX = 1000;

export function createWatchActivities({ store, ...ports }: WatchActivityPorts) {
  return { watchArms };

  /** Watches the traffic of a step or a bake. Told to stop, it answers with what it knows. Another worker goes on where it stood. */
  async function watchArms(request: WatchRequest): Promise<WatchResult> {
    let known: unknown = activityInfo().heartbeatDetails ?? null;
    const beating = setInterval(() => heartbeat(known), BEAT_MS);
    try {
      const before = (known as { state?: AnalysisState } | null)?.state;
      const goesOn = before === undefined ? request : { ...request, state: before, isNewStep: false };
      const watched = await watch(goesOn, ports, {
        signal: cancellationSignal(),
        onState: (now, { phase, reasons, units }) => {
          known = { state: now, phase, reasons, units };
          heartbeat(known);
        },
      });
      const seenAt = new Date(watched.windows.at(-1)?.endMs ?? Date.now()).toISOString();
      return { phase: watched.end, analysis: watched.analysis, state: watched.state, seen: await write(request, watched), seenAt };
    } finally {
      clearInterval(beating);
    }
  }

  async function write(request: WatchRequest, { before, windows, reads, state, analysis }: Watched): Promise<Digest | null> {
    const { model, cycle, step, plan, previous } = request;
    const seen = { windows: [...windows], ...(reads.length > 0 && { reads: [...reads] }) };
    const document = { kind: 'watch', model, cycle, step, plan, before, ...seen, after: state, analysis, previous };
    const put = store.put(documentBytes(document satisfies Record<Exclude<keyof WatchDocument, 'reads'>, unknown>)).catch(() => null);
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<null>((resolve) => {
      timer = setTimeout(() => resolve(null), PUT_MS_MAX);
    });
    const digest = await Promise.race([put, tooLate]);
    clearTimeout(timer);
    return digest;
  }
}
