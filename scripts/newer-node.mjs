import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { delimiter, dirname } from 'node:path';
import { SetupError } from './setup-error.mjs';

/**
 * Whether this very Node runs everything. TypeScript, Vite and Knip import CommonJS and modules of each other as Node does
 * since 20.19 and 22.12, which 21 never learned.
 *
 * @param {string} version as process.versions.node
 */
export function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 23;
}

/**
 * Where this Node is too old, runs this very command again on one that the set-up brings (60 MB, once), to its end.
 *
 * @returns {Promise<boolean>} true: that is done, and its exit code is this process's; there is nothing left to do
 * @throws {SetupError} Node before 20, which could not even fetch the other; or the other cannot be had
 */
export async function ranOnNewerNode() {
  const { node: version } = process.versions;
  if (isNewEnough(version)) return false;
  if (Number(version.split('.')[0]) < 20) {
    throw new SetupError(`needs Node 20 or newer, this is ${version}: install a newer one, then run the same command again.`);
  }
  process.exitCode = await runAgain(await newerNode(version));
  return true;
}

async function newerNode(version) {
  const wanted = `this is Node ${version}, Ratchet needs 20.19, 22.12 or newer`;
  try {
    const { ensureNode } = await import('./python-env.mjs'); // late: Node before 20 cannot read it
    return await ensureNode({ log: (line) => console.error(`setup: ${wanted}: ${line}`) });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    throw new SetupError(`${wanted}, and none could be fetched: ${error.message} Or install such a Node.`);
  }
}

/** npm and tsx, which the command may start, find the same Node first. */
async function runAgain(node) {
  const env = { ...process.env, PATH: [dirname(node), process.env.PATH].join(delimiter) };
  const child = spawn(node, [...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit', env });
  // A terminal interrupts both of us, and a second interrupt would mean "at once": handed on as what asks for the same.
  const handedOn = { SIGTERM: 'SIGTERM', SIGHUP: 'SIGHUP', SIGINT: 'SIGTERM' };
  for (const signal of Object.keys(handedOn)) process.on(signal, () => child.kill(handedOn[signal]));
  return await new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}
