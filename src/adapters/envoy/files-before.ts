import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { EnvoyFiles } from '../local/servers/envoy-files.js';
import type { TokenEntry } from './tokens-file.js';

/** Envoy's files as somebody left them: all of it may have been edited by hand. */
export interface FilesBefore {
  /** Of the routes' file; null: it cannot be read. */
  readonly version: string | null;
  /** model → its entry of the routes' table. */
  readonly routes: ReadonlyMap<string, object>;
  /** instance → its cluster. */
  readonly clusters: ReadonlyMap<string, object>;
  readonly tokens: ReadonlyMap<string, TokenEntry>;
}

const Named = z.looseObject({ name: z.string() });
const RoutesFile = z.object({
  version_info: z.string(),
  resources: z.tuple([z.object({ virtual_hosts: z.tuple([z.object({ routes: z.array(Named) })]) })]),
});
const ClustersFile = z.object({ resources: z.array(Named) });
const TokensFile = z.object({
  resources: z.tuple([
    z.object({
      typed_config: z.object({
        providers: z.record(z.string(), z.unknown()),
        requirement_map: z.record(z.string(), z.unknown()),
      }),
    }),
  ]),
});

export async function readFilesBefore(files: EnvoyFiles): Promise<FilesBefore> {
  const [routes, clusters, tokens] = await Promise.all([
    parsed(RoutesFile, files.routes),
    parsed(ClustersFile, files.clusters),
    parsed(TokensFile, files.tokens),
  ]);
  const byName = (entries: readonly z.infer<typeof Named>[]): Map<string, object> => new Map(entries.map((entry) => [entry.name, entry]));
  const { providers = {}, requirement_map: requirements = {} } = tokens?.resources[0].typed_config ?? {};
  return {
    version: routes?.version_info ?? null,
    routes: byName(routes?.resources[0].virtual_hosts[0].routes ?? []),
    clusters: byName(clusters?.resources ?? []),
    tokens: new Map(
      Object.entries(providers).map(([model, provider]) => [
        model,
        { provider, requirement: requirements[model] ?? { provider_name: model } },
      ]),
    ),
  };
}

/** The instances that an entry of the routes' table sends anything to. */
export function instancesOfEntry(entry: object): string[] {
  const found = Entry.safeParse(entry);
  if (!found.success) return [];
  const action = found.data.route ?? found.data.metadata?.filter_metadata.ratchet.route;
  if (action === undefined) return [];
  const { weighted_clusters: weighted, request_mirror_policies: mirrors } = action;
  return [...weighted.clusters.map(({ name }) => name), ...mirrors.map(({ cluster }) => cluster)];
}

const Action = z.object({
  weighted_clusters: z.object({ clusters: z.array(Named) }),
  request_mirror_policies: z.array(z.object({ cluster: z.string() })).default([]),
});
const Entry = z.object({
  route: Action.optional(),
  /** Where all its requests are refused. */
  metadata: z.object({ filter_metadata: z.object({ ratchet: z.object({ route: Action.optional() }) }) }).optional(),
});

async function parsed<T>(schema: z.ZodType<T>, file: string): Promise<T | null> {
  try {
    return schema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return null; // not there yet, or spoiled by hand
  }
}
