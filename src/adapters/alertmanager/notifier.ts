import type { Notice, Notifier } from '../../ports/notifier.js';
import { postJson } from '../webhook/post-json.js';

export interface AlertmanagerNotifierOptions {
  /** Without /api/v2. */
  readonly url: string;
  readonly bearer?: string;
  readonly timeoutMs?: number;
  readonly now?: () => Date;
}

/** So long an alert stands where nobody says that it is over: a day for what must be decided, an hour for what is only told. */
const STANDS_MS = { action: 24 * 3_600_000, info: 3_600_000 };
/** An end that lies in the future of Alertmanager's clock would be no end. */
const CLOCK_SKEW_MS = 60_000;

/**
 * Raises an alert, and resolves it. The notice's id is one of its labels, so that a repeat is the same alert; a reminder has an id
 * of its own and is another one.
 */
export function createAlertmanagerNotifier({
  url,
  bearer,
  timeoutMs = 10_000,
  now = () => new Date(),
}: AlertmanagerNotifierOptions): Notifier {
  const address = url.replace(/\/+$/, '');
  return {
    notify: (notice) => post(notice, STANDS_MS[notice.severity]),
    withdraw: (notice) => post(notice, -CLOCK_SKEW_MS),
  };

  async function post({ id, model, event, severity, title, text, to, link }: Notice, standsMs: number): Promise<void> {
    const alert = {
      labels: { alertname: 'RatchetNotice', model, event, severity: severity === 'action' ? 'warning' : 'info', notice: id },
      annotations: { summary: title, description: text, ...(to.length > 0 && { people: to.join(', ') }) },
      // No startsAt: a repeat would move it. Alertmanager keeps the first time of the same alert.
      endsAt: new Date(now().getTime() + standsMs).toISOString(),
      ...(link && { generatorURL: link }),
    };
    await postJson({
      what: `alertmanager ${new URL(address).host}`,
      url: `${address}/api/v2/alerts`,
      headers: bearer === undefined ? {} : { authorization: `Bearer ${bearer}` },
      body: JSON.stringify([alert]),
      timeoutMs,
      secrets: bearer === undefined ? [] : [bearer],
    });
  }
}
