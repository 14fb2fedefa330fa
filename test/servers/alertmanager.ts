import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { serverEnvironment, startServer, type RunningServer } from '../../src/adapters/local/servers/server-process.js';
import { freePort } from './free-port.js';

export interface TestAlertmanager extends RunningServer {
  readonly port: number;
  readonly url: string;
}

/** Debian calls it prometheus-alertmanager, its makers alertmanager; null: it is not installed. */
export function findAlertmanager(): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const files = ['prometheus-alertmanager', 'alertmanager'].flatMap((name) => folders.map((folder) => join(folder, name)));
  return files.find((file) => existsSync(file)) ?? null;
}

/** A real Alertmanager on loopback, that tells nobody unless a webhook is named. */
export async function startTestAlertmanager(
  bin: string,
  home: string,
  { port, webhook }: { port?: number; webhook?: { readonly url: string; readonly secret: string } } = {},
): Promise<TestAlertmanager> {
  const chosen = port ?? (await freePort());
  const config = join(home, 'alertmanager.yml');
  const receiver = webhook && [{ url: webhook.url, http_config: { authorization: { credentials: webhook.secret } } }];
  mkdirSync(join(home, 'alertmanager'), { recursive: true });
  // JSON is YAML.
  writeFileSync(
    config,
    JSON.stringify({
      route: { receiver: 'all', group_wait: '0s', group_interval: '1s', repeat_interval: '1h' },
      receivers: [{ name: 'all', ...(receiver && { webhook_configs: receiver }) }],
    }),
  );
  const address = `127.0.0.1:${chosen}`;
  const server = await startServer(
    {
      name: 'Alertmanager',
      command: bin,
      args: [
        `--config.file=${config}`,
        `--storage.path=${join(home, 'alertmanager')}`,
        `--web.listen-address=${address}`,
        '--cluster.listen-address=',
      ],
      environment: serverEnvironment(),
      logFile: join(home, 'alertmanager.log'),
      isHealthy: () =>
        fetch(`http://${address}/-/ready`, { signal: AbortSignal.timeout(1000) }).then(
          ({ ok }) => ok,
          () => false,
        ),
      startMsMax: 30_000,
    },
    address,
  );
  return { ...server, port: chosen, url: `http://${address}` };
}
