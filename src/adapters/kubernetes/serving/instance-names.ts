import { shortDigest, type Digest } from '../../../domain/digest.js';
import { MODEL_LABEL } from '../job-names.js';
import { kubernetesName } from '../route-object.js';

/** Who applies what serves: a field of another manager is a hand edit. */
export const SERVING_MANAGER = 'ratchet-serving';
export const INSTANCE_LABEL = 'ratchet.dev/instance';
const SPEC_LABEL = 'ratchet.dev/spec';
/** The whole spec, by which an instance is known again. */
export const SPEC_ANNOTATION = 'ratchet.dev/instance-spec';
/** What each server reads at its start. */
export const SERVER_ANNOTATION = 'ratchet.dev/server';
export const SERVER_CONTAINER = 'server';

/**
 * The labels that an instance's Deployment selects its pods by. A selector cannot be changed once it is made, so no second
 * spec can take over the name, however close both come.
 */
export function selectorOf(instance: string, digest: Digest): Readonly<Record<string, string>> {
  return { [INSTANCE_LABEL]: kubernetesName(instance), [SPEC_LABEL]: shortDigest(digest) };
}

export function labelsOf(instance: string, model: string, digest: Digest): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/managed-by': 'ratchet', [MODEL_LABEL]: model, ...selectorOf(instance, digest) };
}
