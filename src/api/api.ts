import { Hono } from 'hono';
import { toApiError } from './refusal.js';
import { mountHealth } from './routes/health.js';
import { mountLabels, type LabelPorts } from './routes/labels.js';
import { mountWebhooks, type WebhookPorts } from './routes/webhooks.js';

export interface ApiPorts extends WebhookPorts, LabelPorts {
  /** For the server's log. */
  readonly tell: (line: string) => void;
}

/** Everything that is asked over HTTP. Each route is a file in routes/, mounted here; the client does the work. */
export function createApi(ports: ApiPorts): Hono {
  const api = new Hono();
  mountHealth(api);
  mountWebhooks(api, ports);
  mountLabels(api, ports);
  api.notFound((c) => c.json({ error: { message: `there is nothing at ${c.req.method} ${c.req.path}`, remedy: '' } }, 404));
  api.onError((error, c) => {
    const { status, message, remedy } = toApiError(error);
    ports.tell(`${c.req.method} ${c.req.path}: ${status} ${status === 500 ? (error.stack ?? error.message) : message}`);
    return c.json({ error: { message, remedy } }, status);
  });
  return api;
}
