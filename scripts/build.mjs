import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cacheFolder, hashPaths, packageRoot, shortHash } from './cache-folder.mjs';
import { runCommand } from './command.mjs';
import { exclusively } from './exclusive.mjs';
import { runScript } from './run-script.mjs';
import { SetupError } from './setup-error.mjs';

const dist = join(packageRoot, 'dist');
const bundleName = 'workflow-bundle.js';
const sources = ['src', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json', 'scripts/build.mjs'];

/**
 * Builds dist/ (JavaScript and the workflow bundle) where its sources have changed since. Types are checked by
 * `npm run types`, not here. A finished build replaces the old one as a whole: a running process never sees half of one.
 *
 * @param {(line: string) => void} log
 * @throws {SetupError} a source file does not parse, or the workflows cannot be bundled
 */
export async function ensureBuild(log) {
  if (!existsSync(join(packageRoot, 'src'))) return; // an installed package: dist came with it
  if (isBuilt(hashPaths(packageRoot, sources))) return;
  await exclusively(join(cacheFolder(), `build-${shortHash(packageRoot)}.lock`), async () => {
    const hash = hashPaths(packageRoot, sources);
    if (isBuilt(hash)) return;
    const startedMs = Date.now();
    await build(hash, log);
    log(`built dist/ (${((Date.now() - startedMs) / 1000).toFixed(1)} s)`);
  });
}

function isBuilt(hash) {
  return readIfThere(join(dist, '.sources')) === hash;
}

async function build(hash, log) {
  const next = join(packageRoot, 'dist.next');
  rmSync(next, { recursive: true, force: true });
  mkdirSync(next);
  const args = [join(packageRoot, 'node_modules', 'typescript', 'bin', 'tsc'), '--noCheck', '--outDir', next];
  const { code, output } = await runCommand(process.execPath, [...args, '-p', 'tsconfig.build.json'], {
    cwd: packageRoot,
  });
  if (code !== 0) throw new SetupError(`building failed:\n${output.trim()}`);
  await bundleWorkflows(next, log);
  chmodSync(join(next, 'cli', 'main.js'), 0o755); // npm does so only where it installs
  writeFileSync(join(next, '.sources'), hash);
  const old = join(packageRoot, 'dist.old');
  rmSync(old, { recursive: true, force: true });
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(next, dist);
  rmSync(old, { recursive: true, force: true });
}

/** Bundling takes seconds: the old bundle is kept where nothing that workflows may import has changed. */
async function bundleWorkflows(next, log) {
  const entry = join(next, 'workflows', 'index.js');
  if (!existsSync(entry)) return log('src/workflows/index.ts does not exist: no workflow bundle is built');
  const hash = shortHash(
    hashPaths(next, ['workflows', 'domain'], (file) => file.endsWith('.js')),
    hashPaths(packageRoot, ['package-lock.json', 'scripts/build.mjs']),
  );
  const isCurrent = readIfThere(join(dist, `${bundleName}.sources`)) === hash;
  if (isCurrent) cpSync(join(dist, bundleName), join(next, bundleName));
  else writeFileSync(join(next, bundleName), await bundle(entry));
  writeFileSync(join(next, `${bundleName}.sources`), hash);
}

async function bundle(workflowsPath) {
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const messages = [];
  const logger = new DefaultLogger('WARN', ({ message }) => messages.push(message));
  try {
    const payloadConverterPath = join(dirname(workflowsPath), 'payload-converter.js');
    return (await bundleWorkflowCode({ workflowsPath, payloadConverterPath, logger })).code;
  } catch (error) {
    throw new SetupError(`bundling the workflows failed: ${error.message}\n${messages.join('\n')}`);
  }
}

function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  await runScript(() => ensureBuild((line) => console.log(`build: ${line}`)));
