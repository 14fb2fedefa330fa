import { RatchetError } from './failure.js';
import { JobSpec } from './job.js';

/** What every cluster asks of a job before it does anything. @throws {RatchetError} JobSpecInvalid, with each field */
export function parseJobSpec(spec: JobSpec): JobSpec {
  const parsed = JobSpec.safeParse(spec);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  throw new RatchetError('JobSpecInvalid', `job ${spec.name}: ${faults}`);
}

/** Before a name becomes that of a file or an object. @throws {RatchetError} JobSpecInvalid */
export function checkJobName(name: string): string {
  if (JobSpec.shape.name.safeParse(name).success) return name;
  throw new RatchetError('JobSpecInvalid', `job name: expected letters, digits and "-", found ${JSON.stringify(name.slice(0, 150))}`);
}
