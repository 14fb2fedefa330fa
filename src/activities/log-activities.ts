import { cancellationSignal } from '@temporalio/activity';
import { logRetention } from '../domain/log-retention.js';
import type { LogsTended } from '../domain/logs-tended.js';
import { ModelSpec } from '../domain/model-spec.js';
import type { LogKeeper } from '../ports/log-keeper.js';
import type { ObjectStore } from '../ports/object-store.js';
import { getDocument } from './documents.js';
import type { Ledger } from './ledger.js';

export interface LogActivityPorts {
  readonly store: ObjectStore;
  readonly ledger: Ledger;
  readonly logKeeper: LogKeeper;
}

export function createLogActivities({ store, ledger, logKeeper }: LogActivityPorts) {
  return { tendLogs };

  /**
   * Removes what of a model's logs is past its retention, and makes one file of each ended hour, where the spec in force says that
   * this is done by itself. May be repeated. @returns null: it does not say so
   */
  async function tendLogs({ model, at }: { model: string; at: string }): Promise<LogsTended | null> {
    const specDigest = (await ledger.readState(model))?.state.specDigest;
    if (specDigest == null) return null;
    const { spec } = await getDocument(store, ModelSpec, 'spec', specDigest);
    if (spec.retention.tendLogs !== 'daily') return null;
    return logKeeper.tend({ model, nowMs: Date.parse(at), retentionDays: logRetention(spec), isDeleting: true }, cancellationSignal());
  }
}
