import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from './cache-folder.mjs';
import { setUp } from './setup.mjs';
import { runScript } from './run-script.mjs';

/** `npm run bench -- NAME [options]`: the set-up, then bench/main.ts. */
await runScript(async () => {
  await setUp();
  const args = ['--import', 'tsx', join(packageRoot, 'bench', 'main.ts'), ...process.argv.slice(2)];
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('close', (code) => process.exit(code ?? 1));
});
