/** What stops the set-up, in one sentence that says what to do; shown without a stack trace. */
export class SetupError extends Error {
  name = 'SetupError';
}

/** Runs the entry point of a script: a SetupError ends in its sentence and exit code 1, anything else in its stack trace. */
export async function runScript(main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`setup: ${error.message}`);
    process.exit(1);
  }
}
