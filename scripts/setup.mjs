import { pathToFileURL } from 'node:url';
import { makeCacheFolder } from './cache-folder.mjs';
import { runScript } from './run-script.mjs';

/**
 * Brings a fresh clone to where everything runs: Node packages, Python environment, dist/. Does only what is missing; may
 * be interrupted and run again at any point, and side by side with itself.
 *
 * @param {{withTest?: boolean}} [options] withTest: also what only the tests need
 * @returns {Promise<void>}
 * @throws {SetupError} one sentence that says what is missing and what to do
 */
export async function setUp({ withTest = false } = {}) {
  const startedMs = Date.now();
  let lines = 0;
  const log = (line) => {
    lines += 1;
    console.log(`setup: ${line}`);
  };
  makeCacheFolder();
  // Imported late: on an old Node these would fail before the check has said why.
  const [{ findPython }, { ensureNodePackages }, { ensureBuild }, env, { ensureVersitygw }] = await Promise.all([
    import('./find-python.mjs'),
    import('./node-packages.mjs'),
    import('./build.mjs'),
    import('./python-env.mjs'),
    import('./versitygw.mjs'),
  ]);
  await findPython(); // the cheap checks before anything is downloaded
  await sideBySide([
    ensureNodePackages(log).then(() => ensureBuild(log)),
    env.ensurePythonEnv({ log }).then(() => (withTest ? env.ensureTestPythonEnv({ log }) : undefined)),
    withTest ? ensureVersitygw(log) : undefined,
  ]);
  if (lines > 0) log(`done (${((Date.now() - startedMs) / 1000).toFixed(1)} s)`);
}

/** Where one step fails or the user interrupts, the commands of the others are ended; a next set-up goes on from there. */
async function sideBySide(steps) {
  const { stopCommands } = await import('./command.mjs');
  const interrupt = () => void stopCommands().then(() => process.exit(130));
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, interrupt);
  try {
    await Promise.all(steps);
  } catch (error) {
    await stopCommands();
    throw error;
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const args = process.argv.slice(2).join(' ');
  if (args !== '' && args !== '--with test') {
    console.error(`setup: unknown argument "${args}"; expected nothing or "--with test"`);
    process.exit(64);
  }
  await runScript(async () => {
    await setUp({ withTest: args === '--with test' });
    console.log('setup: everything is there');
  });
}
