import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { KubeConfig } from '@kubernetes/client-node';
import { stringify } from 'yaml';
import { loadKubeConfig } from '../../src/adapters/kubernetes/kube-config.js';
import { createKubectl } from '../servers/kubectl.js';

/** A control plane of the tests. */
export interface ControlPlane {
  readonly binary: string;
  readonly kubeconfig: string;
}

let namespaces = 0;

/**
 * A namespace of its own that lets in only pods which keep the strictest of the Pod Security Standards, and a worker in it with
 * the rights of these files of deploy/kubernetes and no others.
 */
export async function openWorkerNamespace(at: ControlPlane, prefix: string, rights: readonly string[]) {
  const namespace = `${prefix}-${process.pid}-${++namespaces}`;
  const kubectl = createKubectl(at.binary, at.kubeconfig);
  /** Runs kubectl in the namespace, as the administrator. */
  const run = (...args: string[]): Promise<string> => kubectl(['-n', namespace, ...args]);
  const read = async (...args: string[]): Promise<unknown> => JSON.parse(await run('get', ...args, '-o', 'json'));
  await kubectl(['create', 'namespace', namespace]);
  await kubectl(['label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted']);
  await applyRights();
  const token = (await run('create', 'token', 'ratchet-worker')).trim();
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(loadKubeConfig(at.kubeconfig).getCurrentCluster()!, { name: 'worker', token });
  return { namespace, kubectl, run, read, kubeConfig, writeKubeconfig, applyRights };

  async function applyRights(): Promise<void> {
    for (const file of rights) await run('apply', '-f', fileURLToPath(new URL(`../../deploy/kubernetes/${file}`, import.meta.url)));
  }

  /** The worker's own, for a process. @returns the file */
  function writeKubeconfig(file: string): string {
    const config = JSON.parse(readFileSync(at.kubeconfig, 'utf8')) as { users: { name: string }[] };
    const users = config.users.map(({ name }) => ({ name, user: { token } }));
    writeFileSync(file, stringify({ ...config, users }), { mode: 0o600 });
    return file;
  }
}
