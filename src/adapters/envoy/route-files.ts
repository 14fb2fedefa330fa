import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { RatchetError } from '../../domain/failure.js';
import type { Route } from '../../domain/serving.js';
import { replaceDurably } from '../local/durable-file.js';
import { discoveryResponse, envoyFiles } from '../local/servers/envoy-files.js';
import type { EnvoyFiles } from '../local/servers/envoy-files.js';
import { clusterResources } from './clusters-file.js';
import type { EnvoyAdmin, FileState } from './envoy-admin.js';
import type { Turn } from './exclusive-folder.js';
import type { RouteState } from './route-state.js';
import { routeResources } from './routes-file.js';
import { tokenResources } from './tokens-file.js';

type Kind = keyof EnvoyFiles;
type States = ReadonlyMap<string, RouteState>;

/** Before a route names a cluster or a token check, Envoy must have it. */
const order: readonly Kind[] = ['tokens', 'clusters', 'routes'];
const confirmMsMax = 5000;

export interface RouteFiles {
  /**
   * Writes the files of all models and waits until Envoy has them; where it is away, they lie there for its next start.
   * @param expected what must be in force in the end; null: no route changes
   * @throws {RatchetError} RouterRefused with Envoy's words, RouterUnavailable
   */
  apply(states: States, expected: Route | null, turn: Turn, signal: AbortSignal | undefined): Promise<void>;
  /** The same for where instances are, and nothing else: what somebody did to the routes by hand is there to be found. */
  applyAddresses(states: States, turn: Turn): Promise<void>;
  /** Writes them and does not wait. */
  write(states: States, turn: Turn): Promise<void>;
}

export function createRouteFiles(folder: string, admin: EnvoyAdmin): RouteFiles {
  const files = envoyFiles(folder);

  /** @returns the new version; null where the file already says this */
  async function put(kind: Kind, resources: readonly object[], turn: Turn, inForce?: FileState): Promise<string | null> {
    const current = await readFile(files[kind], 'utf8').catch(() => '');
    if (inForce !== undefined && saysThis(current, inForce.version, resources)) return null;
    // Never the same twice: that an edit by hand under our version was undone must be seen.
    const version = `${createHash('sha256').update(JSON.stringify(resources)).digest('hex').slice(0, 16)}-${randomBytes(4).toString('hex')}`;
    await turn.keep();
    await replaceDurably(join(folder, 'staging'), files[kind], discoveryResponse(version, resources));
    return version;
  }

  async function confirm(kind: Kind, version: string, rejectedBefore: number, turn: Turn, signal?: AbortSignal): Promise<void> {
    const untilMs = performance.now() + confirmMsMax;
    for (;;) {
      const state = (await admin.fileStates(signal))[kind];
      await turn.keep(); // else what we wrote may have come after what is newer
      if (state.version === version) return;
      if (state.rejected > rejectedBefore) throw await refused(admin, kind);
      if (performance.now() > untilMs)
        throw new RatchetError(
          'RouterUnavailable',
          `Envoy: expected it to take ${files[kind]} within 5 s, found version ${state.version}`,
          {
            remedy: 'it is tried again; where it stays so, its folder was replaced under it: ratchet down, then ratchet up',
          },
        );
      await sleep(5, undefined, signal && { signal });
    }
  }

  async function applyAll(kinds: readonly Kind[], states: States, turn: Turn, signal?: AbortSignal): Promise<void> {
    let away: RatchetError | null = null;
    const before = await admin.fileStates(signal).catch((error: unknown) => {
      away = requireAway(error);
      return null;
    });
    for (const kind of kinds) {
      const version = await put(kind, resourcesOf(kind, states), turn, before?.[kind]);
      if (before === null || version === null || away !== null) continue;
      await confirm(kind, version, before[kind].rejected, turn, signal).catch((error: unknown) => (away = requireAway(error)));
    }
    await turn.keep();
    if (away !== null) throw away as RatchetError;
  }

  return {
    async apply(states, expected, turn, signal) {
      await applyAll(order, states, turn, signal);
      if (expected !== null) await requireInForce(admin, expected, signal);
    },
    applyAddresses: (states, turn) => applyAll(['clusters'], states, turn),
    async write(states, turn) {
      for (const kind of order) await put(kind, resourcesOf(kind, states), turn);
    },
  };
}

function resourcesOf(kind: Kind, states: States): object[] {
  if (kind === 'tokens') return tokenResources(states.values());
  return kind === 'clusters' ? clusterResources(states.values()) : routeResources(states.values());
}

/** Where Envoy is away the files are written nevertheless, for its next start. */
function requireAway(error: unknown): RatchetError {
  if (error instanceof RatchetError && error.type === 'RouterUnavailable') return error;
  throw error;
}

function saysThis(text: string, version: string, resources: readonly object[]): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(text), { version_info: version, resources: JSON.parse(JSON.stringify(resources)) });
  } catch {
    return false; // no file yet, or one that was cut by hand
  }
}

async function requireInForce(admin: EnvoyAdmin, { model, splits, mirror }: Route, signal?: AbortSignal): Promise<void> {
  const inForce = (await admin.routes(signal)).get(model) ?? null;
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
  if (isDeepStrictEqual(plain(inForce), plain({ splits, mirror }))) return;
  throw new RatchetError('RouterUnavailable', `Envoy: expected the route of ${model} as asked, found ${JSON.stringify(inForce)}`);
}

async function refused(admin: EnvoyAdmin, kind: Kind): Promise<RatchetError> {
  const words = await admin.refusal();
  return new RatchetError('RouterRefused', `Envoy refuses the ${kind} that were asked for: ${words}`, {
    remedy: 'correct `serving` in the model file; the old route stays in force',
    detail: words,
  });
}
