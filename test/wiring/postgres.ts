import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync, chownSync, chmodSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { serverEnvironment, startServer, type RunningServer } from '../../src/adapters/local/servers/server-process.js';
import { freePort } from '../servers/free-port.js';

export interface TestPostgres extends RunningServer {
  readonly port: number;
  /** For psql and the like: PG*, with the superuser's password, and its programs on PATH. */
  readonly environment: Record<string, string>;
}

/** The folder of Postgres' programs: the newest of Debian's, else whatever PATH has; null: none. */
export function findPostgres(): string | null {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => join(debian, version, 'bin')), ...(process.env['PATH'] ?? '').split(delimiter)];
  return folders.find((folder) => ['initdb', 'postgres', 'psql'].every((program) => existsSync(join(folder, program)))) ?? null;
}

/** Postgres refuses to run as root: then it runs as the user that its package made. null: there is none. */
export function postgresUser(): { readonly uid: number; readonly gid: number } | 'ourselves' | null {
  if (process.getuid?.() !== 0) return 'ourselves';
  try {
    const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: 'pipe' }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return null;
  }
}

/** A server of its own on loopback, with its data below `home`, that wants passwords. */
export async function startTestPostgres(bin: string, home: string, password: string): Promise<TestPostgres> {
  const port = await freePort();
  const user = postgresUser();
  const folder = join(home, 'postgres');
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user !== 'ourselves' && user !== null) {
    chmodSync(home, 0o711); // the way to the folder
    for (const path of [folder, passwordFile]) chownSync(path, user.uid, user.gid);
  }
  const [program, ...before] =
    user === 'ourselves' || user === null ? [] : ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--'];
  const asUser = (command: string, args: readonly string[]): [string, string[]] =>
    program === undefined ? [command, [...args]] : [program, [...before, command, ...args]];

  const environment = { ...serverEnvironment(), LC_ALL: 'C' };
  const init = ['-D', data, '--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '--encoding=UTF8', '--no-sync'];
  execFileSync(...asUser(join(bin, 'initdb'), init), { env: environment, stdio: 'pipe', cwd: '/' });
  const clientEnvironment = {
    ...(environment as Record<string, string>),
    PATH: [bin, process.env['PATH']].join(delimiter),
    PGHOST: '127.0.0.1',
    PGPORT: String(port),
    PGPASSWORD: password,
  };
  const [command, args] = asUser(join(bin, 'postgres'), ['-D', data, '-h', '127.0.0.1', '-p', String(port), '-k', folder]);
  const plan = {
    name: 'Postgres',
    command,
    args,
    environment,
    logFile: join(home, 'logs', 'postgres.log'),
    isHealthy: async () => answers(bin, clientEnvironment),
    startMsMax: 60_000,
  };
  return { ...(await startServer(plan, `127.0.0.1:${port}`)), port, environment: clientEnvironment };
}

function answers(bin: string, environment: NodeJS.ProcessEnv): boolean {
  try {
    execFileSync(join(bin, 'psql'), ['-U', 'postgres', '-c', 'select 1'], { env: environment, stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}
