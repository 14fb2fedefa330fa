import type { NativeConnection } from '@temporalio/worker';

/** Registered by `ratchet up` where it may. */
export const SEARCH_ATTRIBUTES = ['RatchetModel', 'RatchetStage', 'RatchetVerdict', 'RatchetTrigger'] as const;

/** Who writes ledgers here: a cluster and a namespace. Another cluster that finds them must adopt them first. */
export async function clusterOwner(connection: NativeConnection, namespace: string): Promise<string> {
  const { clusterId } = await connection.workflowService.getClusterInfo({});
  return `${clusterId}/${namespace}`;
}

/** Whether all of ours are registered: setting an unknown one would block a workflow for ever. A server that will not say counts as no. */
export async function hasSearchAttributes(connection: NativeConnection, namespace: string): Promise<boolean> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return SEARCH_ATTRIBUTES.every((name) => Object.hasOwn(customAttributes ?? {}, name));
  } catch {
    return false;
  }
}
