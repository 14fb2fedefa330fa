import type { Hono } from 'hono';

/** GET /healthz: this process answers. What it stands before is asked by `ratchet status`. */
export function mountHealth(api: Hono): void {
  api.get('/healthz', (c) => c.json({ status: 'ok' }));
}
