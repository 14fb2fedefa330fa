import { createLedger } from '../../activities/ledger.js';
import { createLocalSigner } from '../../adapters/local/signer.js';
import type { Appended } from '../../domain/ledger.js';
import { openObjectStore } from '../open-object-store.js';

export interface AdoptLedgerRequest {
  readonly model: string;
  /** The owner that the person saw. */
  readonly from: string;
  readonly requestedBy: string;
  readonly reason: string;
  readonly requestId: string;
  /** RATCHET_HOME: its key signs from here on. */
  readonly home: string;
  readonly storeUri: string;
  /** `<cluster id>/<namespace>` */
  readonly owner: string;
}

/** Gives a model's ledger to this cluster and this home's key. @throws {RatchetError} as the ledger's append */
export async function adoptLedger({ home, storeUri, owner, ...request }: AdoptLedgerRequest): Promise<Appended> {
  const ledger = createLedger({ store: openObjectStore(storeUri), signer: await createLocalSigner(home), owner });
  return ledger.adopt({ ...request, at: new Date().toISOString() });
}
