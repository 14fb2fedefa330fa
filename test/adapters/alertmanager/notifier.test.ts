import { describe, expect, onTestFinished, test } from 'vitest';
import { serve } from '@hono/node-server';
import { createAlertmanagerNotifier } from '../../../src/adapters/alertmanager/notifier.js';
import { apiInTest, SECRET } from '../../api/signed-deliveries.js';
import { until } from '../../chaos/until.js';
import { describeNotifier, noticeOf } from '../../contracts/notifier.js';
import { findAlertmanager, startTestAlertmanager, type TestAlertmanager } from '../../servers/alertmanager.js';
import { freePort } from '../../servers/free-port.js';
import { temporaryFolder } from '../../temporary-folder.js';

const bin = findAlertmanager();

interface Alert {
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
}
const alertsAt = async (url: string): Promise<Alert[]> => (await (await fetch(`${url}/api/v2/alerts`)).json()) as Alert[];

describe.skipIf(bin === null)('with a real Alertmanager (else: apt-get install prometheus-alertmanager)', () => {
  describeNotifier('Alertmanager', async () => {
    const home = temporaryFolder();
    let server: TestAlertmanager = await startTestAlertmanager(bin!, home);
    onTestFinished(() => server.stop());
    return {
      notifier: createAlertmanagerNotifier({ url: `${server.url}/`, bearer: 'a bearer token' }),
      secrets: ['a bearer token'],
      received: async () =>
        (await alertsAt(server.url)).map(({ labels, annotations }) => ({
          id: labels['notice']!,
          words: Object.values(annotations).join('\n'),
        })),
      stop: () => server.stop(),
      start: async () => void (server = await startTestAlertmanager(bin!, home, { port: server.port })),
    };
  });

  test('what has been decided stands no longer, also where it was never told', async () => {
    const server = await startTestAlertmanager(bin!, temporaryFolder());
    onTestFinished(() => server.stop());
    const notifier = createAlertmanagerNotifier({ url: server.url });
    for (const id of ['flights/12/approval', 'flights/12/approval/reminder-1', 'flights/13/approval'])
      await notifier.notify(noticeOf({ id }));
    for (const id of ['flights/12/approval', 'flights/12/approval/reminder-1', 'flights/11/approval'])
      await notifier.withdraw!(noticeOf({ id }));
    expect((await alertsAt(server.url)).map(({ labels }) => labels['notice'])).toEqual(['flights/13/approval']);
  });

  test('what is told goes through Alertmanager and back: its webhook asks for one cycle', async () => {
    const { api, wishes } = apiInTest();
    const port = await freePort();
    const own = serve({ fetch: api.fetch, port, hostname: '127.0.0.1' });
    onTestFinished(() => void own.close());
    const webhook = { url: `http://127.0.0.1:${port}/v1/webhooks/alertmanager`, secret: SECRET };
    const server = await startTestAlertmanager(bin!, temporaryFolder(), { webhook });
    onTestFinished(() => server.stop());
    await createAlertmanagerNotifier({ url: server.url }).notify(noticeOf({ event: 'monitor', title: 'flights: decayed' }));
    await until('Alertmanager has called back', () => wishes.length > 0);
    expect(wishes).toMatchObject([
      { model: 'flights', trigger: { kind: 'webhook', requestedBy: 'alertmanager', reason: 'RatchetNotice: flights: decayed' } },
    ]);
  });
});
