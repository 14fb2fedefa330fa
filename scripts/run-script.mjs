import { ranOnNewerNode } from './newer-node.mjs';
import { SetupError } from './setup-error.mjs';

/**
 * Runs the entry point of a script, on a Node that is new enough: a SetupError ends in its sentence and exit code 1, anything
 * else in its stack trace.
 */
export async function runScript(main) {
  try {
    if (!(await ranOnNewerNode())) await main();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`setup: ${error.message}`);
    process.exit(1);
  }
}
