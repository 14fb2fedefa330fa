import type { ModelVersion } from '../candidate.js';
import type { LedgerState } from '../ledger.js';

/** A version that may answer, and the greatest share of the requests that it may have; 0: copies only. */
export interface AllowedVersion {
  readonly version: ModelVersion;
  readonly weightPercentMax: number;
}

/** Which versions the ledger lets answer: the champion, what is exposed, and while the champion bakes the one before it. Pure. */
export function allowedVersions({ champion, previousChampion, exposure, bake }: LedgerState): AllowedVersion[] {
  return [
    ...(champion === null ? [] : [{ version: champion, weightPercentMax: 100 }]),
    ...(exposure === undefined ? [] : [{ version: exposure.version, weightPercentMax: exposure.weightPercentMax }]),
    ...(bake === undefined || previousChampion === null ? [] : [{ version: previousChampion, weightPercentMax: 100 }]),
  ];
}
