import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { RatchetError } from '../../domain/failure.js';
import type { Route } from '../../domain/serving.js';
import { replaceDurably, type Staging } from '../local/durable-file.js';
import { discoveryResponse, envoyFiles } from '../local/servers/envoy-files.js';
import type { EnvoyFiles } from '../local/servers/envoy-files.js';
import type { EnvoyAdmin, FileState } from './envoy-admin.js';
import type { Turn } from './exclusive-folder.js';
import { readFilesBefore, type FilesBefore } from './files-before.js';
import { mergeFiles, type Resources } from './merge-files.js';
import type { RouteState, RouteStates } from './route-state.js';

type Kind = keyof EnvoyFiles;
type States = ReadonlyMap<string, RouteState>;

/** Before a route names a cluster or a token check, Envoy must have it. */
const order: readonly Kind[] = ['tokens', 'clusters', 'routes'];
const confirmMsMax = 5000;

/** What is to be different, of all that the files say. */
export interface Change {
  /** Whose part is made anew. */
  readonly anew: ReadonlySet<string>;
  /** What must be in force in the end; null: nothing in particular. */
  readonly expected: Route | null;
  /** What the files say may have been written by somebody who came too late. */
  readonly isDoubtful?: boolean;
  /** Where Envoy refuses it: takes back what was asked for. @returns what counts then */
  goBack?(): Promise<States>;
}

export interface RouteFiles {
  /**
   * Writes the files of all models and waits until Envoy has them; where it is away, they lie there for its next start.
   * @throws {RatchetError} RouterRefused with Envoy's words, the files being as they were; RouterUnavailable
   */
  apply(states: States, change: Change, turn: Turn, signal: AbortSignal | undefined): Promise<void>;
  /** The same for where instances are, and nothing else: what somebody did to the routes by hand is there to be found. */
  applyAddresses(states: States, turn: Turn): Promise<void>;
}

export function createRouteFiles(
  folder: string,
  admin: EnvoyAdmin,
  { staging, routeStates }: { readonly staging: Staging; readonly routeStates: Pick<RouteStates, 'holds'> },
): RouteFiles {
  const files = envoyFiles(folder);

  /** @returns the new version; null where the file already says this */
  async function put(kind: Kind, resources: readonly object[], turn: Turn, inForce?: FileState): Promise<string | null> {
    const current = await readFile(files[kind], 'utf8').catch(() => '');
    if (inForce !== undefined && saysThis(current, inForce.version, resources)) return null;
    // Never the same twice: that an edit by hand under our version was undone must be seen.
    const version = `${createHash('sha256').update(JSON.stringify(resources)).digest('hex').slice(0, 16)}-${randomBytes(4).toString('hex')}`;
    await turn.keep();
    await replaceDurably(staging, files[kind], discoveryResponse(version, resources));
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

  async function applyAll(kinds: readonly Kind[], resources: Resources, inForce: InForce, turn: Turn, signal?: AbortSignal): Promise<void> {
    let away = inForce instanceof RatchetError ? inForce : null;
    for (const kind of kinds) {
      const known = inForce instanceof RatchetError ? undefined : inForce[kind];
      const version = await put(kind, resources[kind], turn, known);
      if (known === undefined || version === null || away !== null) continue;
      await confirm(kind, version, known.rejected, turn, signal).catch((error: unknown) => (away = requireAway(error)));
    }
    await turn.keep();
    if (away !== null) throw away;
  }

  return {
    async apply(states, { anew, expected, isDoubtful = false, goBack }, turn, signal) {
      const before = await readFilesBefore(files);
      const holds = await routeStates.holds();
      const inForce = await admin.fileStates(signal).catch(requireAway);
      const keeps = !isDoubtful && isTaken(before, inForce);
      const wanted = mergeFiles(states, before, { anew, keeps, holds });
      try {
        await applyAll(order, wanted, inForce, turn, signal).catch(async (error: unknown) => {
          // It may refuse what somebody wrote by hand for another model, and never took: that one's own route is put there.
          const own = mergeFiles(states, before, { anew, keeps: false, holds });
          if (!isRefused(error) || isDeepStrictEqual(own, wanted)) throw error;
          await applyAll(order, own, await admin.fileStates(signal).catch(requireAway), turn, signal);
        });
      } catch (error) {
        if (isRefused(error) && goBack !== undefined) {
          const resources = mergeFiles(await goBack(), before, { anew, keeps, holds });
          for (const kind of order) await put(kind, resources[kind], turn);
        }
        throw error;
      }
      if (expected !== null) await requireInForce(admin, expected, holds.get(expected.model) === true, signal);
    },
    async applyAddresses(states, turn) {
      const before = await readFilesBefore(files);
      const inForce = await admin.fileStates().catch(requireAway);
      const merge = { anew: nobody, keeps: isTaken(before, inForce), holds: await routeStates.holds() };
      await applyAll(['clusters'], mergeFiles(states, before, merge), inForce, turn);
    },
  };
}

/** What Envoy has of each file; where it is away, why. */
type InForce = Readonly<Record<Kind, FileState>> | RatchetError;
const nobody: ReadonlySet<string> = new Set();

/** Whether the routes' file is the one that Envoy took; while it is away, so far as is known. */
function isTaken({ version }: FilesBefore, inForce: InForce): boolean {
  return version !== null && (inForce instanceof RatchetError || inForce.routes.version === version);
}

function isRefused(error: unknown): boolean {
  return error instanceof RatchetError && error.type === 'RouterRefused';
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

async function requireInForce(admin: EnvoyAdmin, { model, splits, mirror }: Route, isHeld: boolean, signal?: AbortSignal): Promise<void> {
  const inForce = (await admin.routes(signal)).get(model) ?? null;
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
  if (isDeepStrictEqual(plain(inForce), plain({ split: { splits, mirror }, isHeld }))) return;
  throw new RatchetError('RouterUnavailable', `Envoy: expected the route of ${model} as asked, found ${JSON.stringify(inForce)}`);
}

async function refused(admin: EnvoyAdmin, kind: Kind): Promise<RatchetError> {
  const words = await admin.refusal();
  return new RatchetError('RouterRefused', `Envoy refuses the ${kind} that were asked for: ${words}`, {
    remedy: 'correct `serving` in the model file; the old route stays in force',
    detail: words,
  });
}
