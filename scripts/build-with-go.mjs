import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache-folder.mjs';
import { explainFailure, runCommand } from './command.mjs';
import { exclusively } from './exclusive.mjs';

/**
 * Programs that only tests need and that are built from source: `name` names the folder in the cache (so it carries the
 * version), `packages` are Go package paths with their version, `what` and `minutes` go into what is printed, `without`
 * says what is skipped where they cannot be built. `module` is the folder of the Go module that pins them, where there is one;
 * `flags` are given to `go install`; `isStatic` builds without C.
 *
 * @typedef {{name: string, packages: string[], binaries: string[], what: string, minutes: number, without: string, module?: string, flags?: string[], isStatic?: boolean}} GoPrograms
 */

/**
 * The folder that holds the programs, or null where they have not been built.
 *
 * @param {GoPrograms} programs
 */
export function findBuilt({ name, binaries }) {
  const folder = join(cacheFolder(), name);
  return binaries.every((binary) => existsSync(join(folder, binary))) ? folder : null;
}

/**
 * Builds the programs with Go, once per machine; a second call meanwhile waits for the first.
 *
 * @param {GoPrograms} programs
 * @param {(line: string) => void} log
 * @returns {Promise<string | null>} their folder; null, with the reason logged, where there is no Go or the build fails
 */
export async function ensureBuilt(programs, log) {
  if (findBuilt(programs)) return findBuilt(programs);
  if ((await runCommand('go', ['version'])).code !== 0) {
    log(`Go is not installed: ${programs.without}`);
    return null;
  }
  return exclusively(
    `${join(cacheFolder(), programs.name)}.lock`,
    async () => findBuilt(programs) ?? (await build(programs, log)),
    () => log(`another set-up is building ${programs.what}; waiting for it …`),
  );
}

/**
 * Programs of which one file is wanted.
 *
 * @param {GoPrograms} programs with one binary
 */
export function singleProgram(programs) {
  const fileIn = (folder) => (folder === null ? null : join(folder, programs.binaries[0]));
  return {
    /** Its path; null: not built. */
    find: () => fileIn(findBuilt(programs)),
    /**
     * Builds it from source, once per state of what it is made of.
     *
     * @returns {Promise<string | null>} its path; null, with the reason logged, where there is no Go or the build fails
     */
    ensure: async (log) => fileIn(await ensureBuilt(programs, log)),
  };
}

async function build(programs, log) {
  const startedMs = Date.now();
  const folder = join(cacheFolder(), programs.name);
  const next = `${folder}.next`;
  log(`building ${programs.what} with Go (about ${programs.minutes} minutes, once) …`);
  rmSync(next, { recursive: true, force: true });
  for (const target of programs.packages) {
    const { code, output } = await runCommand('go', ['install', ...(programs.flags ?? []), target], {
      cwd: programs.module ?? cacheFolder(), // else outside of any Go module
      env: { ...process.env, GOBIN: next, GOFLAGS: '', ...(programs.isStatic && { CGO_ENABLED: '0' }) },
    });
    if (code === 0) continue;
    log(`${explainFailure(`building ${programs.what}`, output)}; ${programs.without}`);
    return null;
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(next, folder);
  log(`built ${programs.what} (${((Date.now() - startedMs) / 1000).toFixed(0)} s)`);
  return findBuilt(programs);
}
