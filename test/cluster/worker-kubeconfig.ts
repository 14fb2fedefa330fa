import { readFileSync, writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { createKubectl } from '../servers/kubectl.js';

/** A kubeconfig of the service account `ratchet-worker` of a namespace, beside the administrator's. @returns its file */
export async function writeWorkerKubeconfig(
  at: { readonly binary: string; readonly kubeconfig: string },
  namespace: string,
  file: string,
): Promise<string> {
  const token = (await createKubectl(at.binary, at.kubeconfig)(['-n', namespace, 'create', 'token', 'ratchet-worker'])).trim();
  const config = JSON.parse(readFileSync(at.kubeconfig, 'utf8')) as { users: { name: string }[] };
  const users = config.users.map(({ name }) => ({ name, user: { token } }));
  writeFileSync(file, stringify({ ...config, users }), { mode: 0o600 });
  return file;
}
