/** What stops the set-up, in one sentence that says what to do; shown without a stack trace. */
export class SetupError extends Error {
  name = 'SetupError';
}
