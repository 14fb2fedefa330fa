import type { V1Job, V1Pod } from '@kubernetes/client-node';

/**
 * Takes from a Job what nobody asks it: five thousand of them lie in memory as long as they are watched. Its pod's program and
 * variables are most of it; what clears its checkpoints stays.
 */
export function slimJob(job: V1Job): V1Job {
  slimMetadata(job);
  for (const container of job.spec?.template.spec?.containers ?? []) {
    delete container.command;
    delete container.args;
    delete container.env;
  }
  return job;
}

/** Of what a pod is to be, its node and its limits are asked for; all of how it stands stays. */
export function slimPod(pod: V1Pod): V1Pod {
  slimMetadata(pod);
  const { spec } = pod;
  if (!spec) return pod;
  const containers = spec.containers.map(({ name, resources }) => ({ name, ...(resources && { resources }) }));
  pod.spec = { containers, ...(spec.nodeName !== undefined && { nodeName: spec.nodeName }) };
  return pod;
}

function slimMetadata({ metadata }: V1Job | V1Pod): void {
  delete metadata?.managedFields;
}
