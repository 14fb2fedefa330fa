import { open } from 'node:fs/promises';
import { z } from 'zod';
import { RatchetError } from '../../domain/failure.js';
import type { EnvoyFiles } from '../local/servers/envoy-files.js';
import { ROUTES, TOKEN_FILTER } from '../local/servers/envoy-files.js';
import { parseRouteEntry, type EntryInForce } from './routes-file.js';

export interface FileState {
  /** Of the file that is in force; empty where none is. */
  readonly version: string;
  /** How many files were refused since Envoy started. */
  readonly rejected: number;
}

/** What Envoy itself says, over its admin port. @throws {RatchetError} RouterUnavailable: it does not answer. */
export interface EnvoyAdmin {
  fileStates(signal?: AbortSignal): Promise<Readonly<Record<keyof EnvoyFiles, FileState>>>;
  /** model → what is in force. */
  routes(signal?: AbortSignal): Promise<ReadonlyMap<string, EntryInForce>>;
  /** Its last words on a file that it refused. */
  refusal(): Promise<string>;
}

const statOf: Readonly<Record<keyof EnvoyFiles, string>> = {
  tokens: `extension_config_discovery.http_filter.${TOKEN_FILTER}`,
  clusters: 'cluster_manager.cds',
  routes: `http.${ROUTES}.rds.${ROUTES}`,
};
const Stats = z.object({ stats: z.array(z.object({ name: z.string(), value: z.union([z.number(), z.string()]) }).or(z.unknown())) });
const Dump = z.object({
  configs: z
    .array(
      z.object({ route_config: z.object({ virtual_hosts: z.array(z.object({ routes: z.array(z.unknown()).default([]) })).default([]) }) }),
    )
    .default([]),
});

/** @param logFile where Envoy's words go; null: unknown */
export function createEnvoyAdmin({ adminUrl, logFile }: { readonly adminUrl: string; readonly logFile: string | null }): EnvoyAdmin {
  async function ask(path: string, signal?: AbortSignal): Promise<unknown> {
    const limit = AbortSignal.timeout(3000);
    try {
      const response = await fetch(`${adminUrl}${path}`, { signal: signal ? AbortSignal.any([signal, limit]) : limit });
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      return await response.json();
    } catch (error) {
      signal?.throwIfAborted();
      throw away(adminUrl, error);
    }
  }

  return {
    async fileStates(signal) {
      const names = Object.values(statOf).map((name) => name.replaceAll('.', '\\.'));
      const filter = encodeURIComponent(`^(${names.join('|')})\\.(version_text|update_rejected|update_failure)$`);
      const { stats } = Stats.parse(await ask(`/stats?format=json&filter=${filter}`, signal));
      const values = new Map(stats.map((stat) => [(stat as { name?: string }).name, (stat as { value?: number | string }).value]));
      const count = (name: string): number => Number(values.get(name) ?? 0);
      const stateOf = (kind: keyof EnvoyFiles): FileState => ({
        version: String(values.get(`${statOf[kind]}.version_text`) ?? ''),
        // A failure is a file that it cannot even read, as where a number is too large for its field.
        rejected: count(`${statOf[kind]}.update_rejected`) + count(`${statOf[kind]}.update_failure`),
      });
      return { tokens: stateOf('tokens'), clusters: stateOf('clusters'), routes: stateOf('routes') };
    },
    async routes(signal) {
      const { configs } = Dump.parse(await ask('/config_dump?resource=dynamic_route_configs', signal));
      const entries = configs.flatMap(({ route_config: table }) => table.virtual_hosts.flatMap((host) => host.routes));
      return new Map(entries.flatMap((entry) => parseRouteEntry(entry) ?? []).map(({ model, ...inForce }) => [model, inForce]));
    },
    refusal: () => (logFile === null ? Promise.resolve('see its log') : lastRefusal(logFile)),
  };
}

function away(adminUrl: string, error: unknown): RatchetError {
  const { cause, message } = error instanceof Error ? error : new Error(String(error));
  const words = cause instanceof Error ? cause.message || message : message;
  return new RatchetError('RouterUnavailable', `Envoy: expected an answer at ${adminUrl}, found ${words}`, {
    remedy: 'start it: `ratchet up` does; it serves the routes that were asked for last',
    cause: error,
  });
}

/** The whole paragraph: Envoy prints the resource that it refuses over many lines, and the reason last. */
async function lastRefusal(logFile: string): Promise<string> {
  try {
    const handle = await open(logFile, 'r');
    try {
      const { size } = await handle.stat();
      const start = Math.max(0, size - 64 * 1024);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
      const text = buffer.toString('utf8', 0, bytesRead);
      const last = text
        .split(/\bFilesystem config update (?:rejected|failure): /)
        .slice(1)
        .at(-1);
      if (last === undefined) return 'no words in its log';
      const paragraph = last.split(/\n\[\d{4}-/)[0]!.trim();
      return paragraph.length > 1000 ? `… ${paragraph.slice(-1000)}` : paragraph;
    } finally {
      await handle.close();
    }
  } catch {
    return `its log ${logFile} cannot be read`;
  }
}
