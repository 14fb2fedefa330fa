import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeFolderDurably, replaceDurably } from '../../adapters/local/durable-file.js';
import type { Endpoints } from '../../config/endpoints.js';
import type { Home } from '../../config/home.js';

const delivered = fileURLToPath(new URL('../../../deploy/prometheus', import.meta.url));

/** One entry of a Prometheus `file_sd` file; a label `job` or `__metrics_path__` stands in place of the configuration's. */
export interface ScrapeTarget {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Lays out what a Prometheus on this machine needs: its configuration, our rules, and the pages of this stack. Where that
 * cannot be done (a full disk) it is told: nobody's work depends on it.
 */
export async function writePrometheusFiles(
  { prometheusFolder }: Home,
  metrics: NonNullable<Endpoints['metrics']>,
  tell: (line: string) => void,
): Promise<void> {
  try {
    await cp(delivered, prometheusFolder, { recursive: true });
    await writeTargets(prometheusFolder, 'stack', stackTargets(metrics));
  } catch (error) {
    tell(
      `${prometheusFolder} could not be written (${error instanceof Error ? error.message : String(error)}): Prometheus will not find us`,
    );
  }
}

/** Prometheus sees the change within moments. */
export async function writeTargets(prometheusFolder: string, name: 'stack' | 'models', targets: readonly ScrapeTarget[]): Promise<void> {
  const folder = join(prometheusFolder, 'targets');
  await makeFolderDurably(folder);
  await replaceDurably(prometheusFolder, join(folder, `${name}.json`), `${JSON.stringify(targets, null, 2)}\n`);
}

function stackTargets({ worker, sdk, temporal, proxy }: NonNullable<Endpoints['metrics']>): ScrapeTarget[] {
  const pages = { 'ratchet-worker': worker, 'ratchet-sdk': sdk, temporal, envoy: proxy };
  return Object.entries(pages).flatMap(([job, page]) => {
    if (page === null) return [];
    const { host, pathname } = new URL(page);
    return [{ targets: [host], labels: { job, __metrics_path__: pathname } }];
  });
}
