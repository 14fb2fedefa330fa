import type { V1Deployment } from '@kubernetes/client-node';
import { SERVING_MANAGER } from './instance-names.js';

/** Who it is, and what of the spec is theirs alone: "kubectl-set: spec.template.spec.containers[server].env[DEBUG]". */
export type HandEdit = string;

/** Written by `kubectl rollout restart`: new pods of the same spec. */
const restarted = 'kubectl.kubernetes.io/restartedAt';

/**
 * What others have put into a Deployment's spec beside what we apply. Pure. A field that we hold as well has our value; one that
 * another has changed is theirs alone, also after they set it back, until we apply it again. What the autoscaler sets is not an edit.
 *
 * @param isScaled an autoscaler of ours says how many there are: whoever says otherwise is corrected by it, but who says none: then it rests
 */
export function handEdits({ metadata, spec }: V1Deployment, isScaled: boolean): HandEdit[] {
  const entries = metadata?.managedFields ?? [];
  const pathsOf = (fields: object | undefined): string[] =>
    leavesOf((fields as { 'f:spec'?: object } | undefined)?.['f:spec'] ?? {}, 'spec');
  const ours = new Set(entries.filter(({ manager }) => manager === SERVING_MANAGER).flatMap(({ fieldsV1 }) => pathsOf(fieldsV1)));
  return entries.flatMap(({ manager, subresource, fieldsV1 }) => {
    const isAutoscaler = manager === 'kube-controller-manager' && subresource === 'scale';
    if (manager === SERVING_MANAGER || subresource === 'status' || isAutoscaler) return [];
    const isCorrected = isScaled && spec?.replicas !== 0;
    const isNoEdit = (path: string): boolean => path.endsWith(restarted) || (isCorrected && path === 'spec.replicas');
    const theirs = pathsOf(fieldsV1).filter((path) => !ours.has(path) && !isNoEdit(path));
    return theirs.map((path) => `${manager}: ${path}`);
  });
}

/** `f:name` is a field, `k:{"name":"server"}` an item of a list, `.` the thing itself. */
function leavesOf(fields: object, path: string): string[] {
  const inner = Object.entries(fields).filter(([key]) => key !== '.');
  if (inner.length === 0) return [path];
  return inner.flatMap(([key, value]) => leavesOf(value as object, `${path}${stepOf(key)}`));
}

function stepOf(key: string): string {
  if (key.startsWith('f:')) return `.${key.slice(2)}`;
  if (!key.startsWith('k:')) return `[${key.slice(2)}]`;
  return `[${Object.values(JSON.parse(key.slice(2)) as Record<string, unknown>).join(' ')}]`;
}
