import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { findArgoRollouts } from '../../scripts/argo-rollouts.mjs';
import { findIstio } from '../../scripts/istio.mjs';
import { findKubernetes } from '../../scripts/kubernetes.mjs';
import { startTestKubernetes } from '../servers/kubernetes.js';
import { whyNoKubernetesNode } from '../servers/kubernetes-node.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A running cluster that all test files share, each in a namespace of its own; null where it has not been built: skip with a plain sentence. */
    kubernetes: {
      readonly binary: string;
      readonly kubeconfig: string;
      /** Whether this machine can run a real node. */
      readonly hasNode: boolean;
      /** The controller of Argo Rollouts; null: not built. */
      readonly argoRollouts: string | null;
      /** The control plane of Istio; null: not built. */
      readonly istio: string | null;
    } | null;
  }
}

/** One control plane for all files of `npm run test:cluster`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const binary = findKubernetes();
  if (binary === null) {
    console.log(
      'left out: everything that needs a Kubernetes control plane, which has not been built: node scripts/kubernetes.mjs (needs Go)',
    );
    project.provide('kubernetes', null);
    return async () => {};
  }
  const home = mkdtempSync(join(tmpdir(), 'ratchet-kubernetes-'));
  const cluster = await startTestKubernetes(binary, home);
  console.log(`setup: Kubernetes at ${cluster.url}; its nodes are played by kwok, so no pod really runs`);
  const whyNoNode = whyNoKubernetesNode();
  if (whyNoNode !== null) console.log(`left out: real training pods on a real node: ${whyNoNode}`);
  const argoRollouts = findArgoRollouts();
  if (argoRollouts === null)
    console.log('left out: routes by Argo Rollouts, whose controller has not been built: node scripts/argo-rollouts.mjs (needs Go)');
  const istio = findIstio();
  if (istio === null)
    console.log(
      'left out: routes through a real proxy of Istio, whose control plane has not been built: node scripts/istio.mjs (needs Go)',
    );
  project.provide('kubernetes', { binary, kubeconfig: cluster.kubeconfig, hasNode: whyNoNode === null, argoRollouts, istio });
  return async () => {
    await cluster.stop();
    rmSync(home, { recursive: true, force: true });
  };
}
