import { digestOfBytes, shortDigest } from '../../domain/digest.js';

/** Who applies what we apply: a hand edit is somebody else's field. */
export const FIELD_MANAGER = 'ratchet';
export const MANAGED_LABEL = 'app.kubernetes.io/managed-by';
export const MODEL_LABEL = 'ratchet.dev/model';
export const CYCLE_LABEL = 'ratchet.dev/cycle';
/** The job's own name, which may be longer than an object's. */
export const NAME_ANNOTATION = 'ratchet.dev/job';
export const DIGEST_ANNOTATION = 'ratchet.dev/spec-digest';
export const CHECKPOINTS_ANNOTATION = 'ratchet.dev/checkpoints';
export const CONTAINER = 'trainer';
/** Kubernetes puts it on the pods of a Job. */
export const JOB_NAME_LABEL = 'batch.kubernetes.io/job-name';

/** Pods are named after it and carry it as a label, with room for what Kubernetes appends. */
const charsMax = 52;

/** A job's name as that of its Job: the same always; one that is too long is cut and made unique by its digest. */
export function objectName(name: string): string {
  return name.length <= charsMax ? name : `${name.slice(0, charsMax - 9).replace(/-+$/, '')}-${shortDigest(digestOfBytes(name))}`;
}
