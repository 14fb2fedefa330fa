import { join } from 'node:path';
import { freePorts } from './free-port.js';
import { serverEnvironment, startServer, type RunningServer } from '../../src/adapters/local/servers/server-process.js';

/** The controller of Argo Rollouts, for all namespaces of a cluster that has its definitions and those of Istio. */
export interface TestArgoRollouts {
  /** It is away until `startAgain`. */
  kill(): Promise<void>;
  startAgain(): Promise<void>;
}

/**
 * @param binary from scripts/argo-rollouts.mjs
 * @param home an empty folder
 */
export async function startTestArgoRollouts(binary: string, kubeconfig: string, home: string): Promise<TestArgoRollouts> {
  const [metricsPort, healthPort] = (await freePorts(2)) as [number, number];
  let running: RunningServer | null = null;
  await startAgain();
  return { kill, startAgain };

  async function startAgain(): Promise<void> {
    const isHealthy = (): Promise<boolean> =>
      fetch(`http://127.0.0.1:${healthPort}/healthz`, { signal: AbortSignal.timeout(2000) }).then(({ ok }) => ok, () => false); // prettier-ignore
    const args = ['--leader-elect=false', `--metricsPort=${metricsPort}`, `--healthzPort=${healthPort}`, '--qps=500', '--burst=1000'];
    running = await startServer(
      {
        name: 'argo-rollouts',
        command: binary,
        args: [`--kubeconfig=${kubeconfig}`, ...args],
        environment: { ...serverEnvironment(), HOME: home },
        logFile: join(home, 'argo-rollouts.log'),
        isHealthy,
        startMsMax: 60_000,
      },
      `127.0.0.1:${healthPort}`,
    );
  }

  async function kill(): Promise<void> {
    await running?.stop();
    running = null;
  }
}
