import { RatchetError } from '../domain/failure.js';

/** A command cannot do what was asked, for a reason that lies with the request or its surroundings. */
export class CommandError extends Error {
  override readonly name = 'CommandError';

  constructor(
    message: string,
    readonly remedy = '',
  ) {
    super(message);
  }
}

/** One message for people; with RATCHET_DEBUG=1 the stack trace and all causes follow. */
export function explainError(error: unknown, environment: NodeJS.ProcessEnv): string {
  const lines = [`error: ${messageOf(error)}`];
  if (error instanceof RatchetError && error.detail !== undefined) lines.push(error.detail);
  if ((error instanceof RatchetError || error instanceof CommandError) && error.remedy !== '') lines.push(`  → ${error.remedy}`);
  if (!isForeseen(error) && !environment['RATCHET_DEBUG']) lines.push('  → run it again with RATCHET_DEBUG=1 to see where this comes from');
  if (environment['RATCHET_DEBUG']) lines.push(...stacks(error));
  return lines.join('\n');
}

/** Errors that say in a sentence what is wrong; of the others (a TypeError, a system's EACCES) one may want to know whence. */
function isForeseen(error: unknown): boolean {
  if (error instanceof RatchetError || error instanceof CommandError) return true;
  return error instanceof Error && (error.name === 'SetupError' || (error.constructor === Error && !('code' in error)));
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || error.name;
}

function stacks(error: unknown): string[] {
  const lines: string[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause) lines.push(cause.stack ?? String(cause));
  return lines;
}
