import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { dashboards } from './dashboards/dashboards.js';
import { referencePages } from './reference/pages.js';
import { servedMetrics } from './reference/served-metrics.js';

/** `npm run docs`: writes the generated pages of docs/reference and the dashboards of deploy/grafana, and what model servers say of their metrics. */
const root = fileURLToPath(new URL('../', import.meta.url));
const generated = { 'docs/reference': referencePages(), 'deploy/grafana': dashboards(), 'steps/ratchet_serve': servedMetrics() };
for (const [folder, files] of Object.entries(generated)) {
  mkdirSync(join(root, folder), { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(root, folder, name), content);
    console.log(`${folder}/${name}`);
  }
}
