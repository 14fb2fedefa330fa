import { join } from 'node:path';
import { packageRoot } from './cache-folder.mjs';
import { runInstall } from './command.mjs';
import { ensureUv, uvEnvironment } from './python-env.mjs';
import { findPython } from './find-python.mjs';
import { runScript } from './run-script.mjs';

const locks = [
  { name: 'scripts/uv.requirements', extra: [] },
  { name: 'scripts/node.requirements', extra: [] },
  { name: 'scripts/build.requirements', extra: [] },
  { name: 'steps/requirements', extra: [] },
  { name: 'test/requirements', extra: ['-c', 'steps/requirements.lock'] },
];

/** `npm run lock:python [-- --upgrade]`: writes every .lock from its .in: pinned, with hashes, for every platform, no index. */
await runScript(async () => {
  const uv = await ensureUv(await findPython(), console.log);
  for (const { name, extra } of locks) {
    const args = ['pip', 'compile', '--quiet', '--universal', '--python-version', '3.11', '--generate-hashes', '--no-header'];
    await runInstall(`locking ${name}.in`, uv, [...args, ...extra, ...process.argv.slice(2), `${name}.in`, '-o', `${name}.lock`], {
      cwd: join(packageRoot),
      env: uvEnvironment(),
    });
    console.log(`locked ${name}.in`);
  }
});
