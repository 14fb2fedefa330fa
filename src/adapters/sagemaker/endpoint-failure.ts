import { RatchetError } from '../../domain/failure.js';
import type { FailureType } from '../../domain/failure.js';

/** SageMaker has tried to bring an endpoint where it was asked to, and has given up. What was in force before still is, or nothing. */
export class EndpointGaveUp extends Error {
  override readonly name = 'EndpointGaveUp';
  constructor(
    readonly configName: string,
    /** SageMaker's words. */
    readonly reason: string,
  ) {
    super(reason);
  }
}

/** Machines that are not there now may be later; anything else is somebody's to mend. */
export function isCapacity(reason: string): boolean {
  return /capacity|ResourceLimitExceeded|service limit|quota|spot/i.test(reason);
}

/** @param mended what to do where it is no matter of capacity */
export function explainGaveUp(
  { reason, configName }: EndpointGaveUp,
  said: string,
  { full, refused, mended }: { full: FailureType; refused: FailureType; mended: string },
): RatchetError {
  const words = reason || `SageMaker says no reason; see its endpoint configuration ${configName}`;
  if (isCapacity(reason))
    return new RatchetError(full, `${said}: ${words}`, {
      remedy: 'wait, ask AWS for a larger quota, or name another machine type; the loop then goes on by itself',
    });
  return new RatchetError(refused, `${said}: ${words}`, { remedy: mended });
}
