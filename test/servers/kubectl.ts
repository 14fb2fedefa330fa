import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { serverEnvironment } from '../../src/adapters/local/servers/server-process.js';

/** Runs kubectl. @returns its standard output @throws {Error} with what it said */
export type Kubectl = (args: readonly string[], manifest?: string) => Promise<string>;

/** @param binary from scripts/kubernetes.mjs */
export function createKubectl(binary: string, kubeconfig: string): Kubectl {
  return async (args, manifest) => {
    const environment = { ...serverEnvironment(), KUBECONFIG: kubeconfig };
    const running = promisify(execFile)(binary, ['kubectl', ...args], { env: environment, maxBuffer: 64 * 2 ** 20 });
    running.child.stdin?.end(manifest);
    return (await running).stdout;
  };
}
