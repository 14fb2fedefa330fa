import type { AppendRequest } from '../domain/ledger-wish.js';
import type { Appended, LedgerRecord } from '../domain/ledger.js';
import { createLedger, type AddKeyRequest, type AdoptRequest, type LedgerDependencies, type LedgerHead } from './ledger.js';
import { withFailures } from './to-failure.js';

/** What workflows may ask of the ledger. Names live in histories: add, never rename. */
export interface LedgerActivities {
  appendRecord(request: AppendRequest): Promise<Appended>;
  adoptLedger(request: AdoptRequest): Promise<Appended>;
  addLedgerKey(request: AddKeyRequest): Promise<Appended>;
  readLedgerState(model: string): Promise<LedgerHead | null>;
  /** `from` and `to` are included; keep it to a cycle's records: payloads stay small. */
  readLedgerRecords(request: { model: string; from: number; to: number }): Promise<LedgerRecord[]>;
}

/** The ledger as activities: every error is an `ApplicationFailure` with its type and class. */
export function createLedgerActivities(dependencies: LedgerDependencies): LedgerActivities {
  const ledger = createLedger(dependencies);
  return withFailures<LedgerActivities>({
    appendRecord: (request) => ledger.append(request),
    adoptLedger: (request) => ledger.adopt(request),
    addLedgerKey: (request) => ledger.addKey(request),
    readLedgerState: (model) => ledger.readState(model),
    readLedgerRecords: ({ model, from, to }) => ledger.readRecords(model, { from, to }),
  });
}
