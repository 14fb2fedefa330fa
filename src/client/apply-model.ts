import type { Client } from '@temporalio/client';
import type { Digest } from '../domain/digest.js';
import type { ModelSpec } from '../domain/model-spec.js';
import type { ObjectStore } from '../ports/object-store.js';
import { readHead, readSpec } from './ledger-view.js';
import type { ModelHandle } from './model-handle.js';
import type { ScheduleChange } from './bring-schedule.js';
import { applySchedule } from './model-schedule.js';
import { applyMonitorSchedule } from './monitor-schedule.js';
import { packageCode, putDocument } from './package-code.js';
import { refuseMove } from './refuse-move.js';
import { refuseUnreachableStore } from './refuse-unreachable-store.js';
import { withKeys } from './serving-keys.js';

export interface Applied {
  readonly model: string;
  readonly specDigest: Digest;
  readonly codeDigest: Digest;
  /** Spec or code differ from what was in force. The open cycle keeps what it started with. */
  readonly changed: boolean;
  readonly schedule: ScheduleChange;
  readonly monitoring: ScheduleChange;
}

export interface ApplyOptions {
  readonly client: Client;
  readonly store: ObjectStore;
  readonly model: ModelHandle;
  readonly spec: ModelSpec;
  /** The folder of the model file. */
  readonly folder: string;
  readonly requestedBy: string;
}

/**
 * Puts spec and code into the store by digest and makes them the ones in force. Content first, then the decision, then
 * the schedule: interrupted anywhere, a second apply finishes. Applied twice, the second changes nothing.
 * @throws {RatchetError} SpecInvalid, RequestRefused, or the store's errors
 */
export async function applyModel({ client, store, model, spec, folder, requestedBy }: ApplyOptions): Promise<Applied> {
  refuseUnreachableStore(store.uri, spec);
  await refuseMove(store, spec);
  const codeDigest = await packageCode(spec, folder, store);
  const specDigest = await putDocument(store, await withKeys(spec, folder));
  const { changed } = await model.apply({ specDigest, codeDigest, requestedBy });
  return { model: model.model, specDigest, codeDigest, changed, ...(await bringSchedules({ client, store, spec, specDigest })) };
}

type Schedules = Pick<Applied, 'schedule' | 'monitoring'>;
type SchedulesOf = Pick<ApplyOptions, 'client' | 'store' | 'spec'> & Pick<Applied, 'specDigest'>;

/** Of two applies at once the ledger says whose file is in force: whoever brings the schedules last brings that one's. */
async function bringSchedules({ client, store, spec, specDigest }: SchedulesOf): Promise<Schedules> {
  const brought = { schedule: await applySchedule(client, spec), monitoring: await applyMonitorSchedule(client, spec) };
  const inForce = (await readHead(store, spec.metadata.name))?.after.specDigest ?? specDigest;
  if (inForce !== specDigest) await bringSchedules({ client, store, spec: await readSpec(store, inForce), specDigest: inForce });
  return brought;
}
