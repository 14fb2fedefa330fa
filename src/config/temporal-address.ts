import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { Endpoints } from './endpoints.js';

export type TemporalConnectionOptions = ReturnType<typeof loadClientConnectConfig>['connectionOptions'];

export interface TemporalTarget {
  readonly connection: TemporalConnectionOptions;
  readonly address: string;
  readonly namespace: string;
  /** For messages: what named the server. */
  readonly namedBy: string;
}

/**
 * The server that the usual variables or a named profile point to; null where none is named. A default profile in a
 * configuration file alone does not count: `ratchet up` in a folder should not land on somebody's production.
 * @throws {Error} names the variable: the profile or its file cannot be read
 */
export function temporalFromEnvironment(environment: NodeJS.ProcessEnv = process.env): TemporalTarget | null {
  const namedBy = ['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'].find((name) => environment[name]);
  if (!namedBy) return null;
  const overrideEnvVars = Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const { connectionOptions, namespace } = load(overrideEnvVars);
  const address = connectionOptions.address ?? '127.0.0.1:7233';
  return { connection: { ...connectionOptions, address }, address, namespace: namespace ?? 'default', namedBy };
}

function load(overrideEnvVars: Record<string, string>): ReturnType<typeof loadClientConnectConfig> {
  try {
    return loadClientConnectConfig({ overrideEnvVars });
  } catch (error) {
    const { TEMPORAL_PROFILE: profile, TEMPORAL_CONFIG_FILE: file } = overrideEnvVars;
    const where = profile
      ? `environment variable TEMPORAL_PROFILE: expected a profile of ${file || 'your temporal.toml'}, found "${profile}"`
      : `${file ? 'environment variable TEMPORAL_CONFIG_FILE' : 'your temporal.toml'}: expected settings that can be read, found others`;
    throw new Error(`${where} (${error instanceof Error ? error.message : String(error)}): correct or unset it`, { cause: error });
  }
}

export function temporalFromEndpoints({ temporal }: Endpoints): TemporalTarget {
  return { connection: { address: temporal.address }, address: temporal.address, namespace: temporal.namespace, namedBy: 'endpoints.json' };
}
