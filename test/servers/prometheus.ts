import { existsSync, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { serverEnvironment, startServer, type RunningServer } from '../../src/adapters/local/servers/server-process.js';
import { freePort } from './free-port.js';

/** Debian's package; null: it is not installed. */
export function findPrometheus(): { readonly prometheus: string; readonly promtool: string } | null {
  const folder = (process.env['PATH'] ?? '')
    .split(delimiter)
    .find((entry) => ['prometheus', 'promtool'].every((name) => existsSync(join(entry, name))));
  return folder === undefined ? null : { prometheus: join(folder, 'prometheus'), promtool: join(folder, 'promtool') };
}

/** For the name of a test that is skipped. */
export const NO_PROMETHEUS = findPrometheus() === null ? ' (skipped: no prometheus on PATH; Debian: apt-get install prometheus)' : '';

export interface TestPrometheus extends RunningServer {
  readonly url: string;
}

/** A Prometheus on loopback with the given configuration. @param home of its data and log */
export async function startPrometheus(configFile: string, home: string): Promise<TestPrometheus> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const data = join(home, 'data');
  mkdirSync(data, { recursive: true });
  const plan = {
    name: 'Prometheus',
    command: findPrometheus()!.prometheus,
    args: [`--config.file=${configFile}`, `--storage.tsdb.path=${data}`, `--web.listen-address=127.0.0.1:${port}`],
    environment: serverEnvironment(),
    logFile: join(home, 'prometheus.log'),
    isHealthy: async () =>
      fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    startMsMax: 60_000,
  };
  return { ...(await startServer(plan, `127.0.0.1:${port}`)), url };
}
