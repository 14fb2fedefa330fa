import type { CommandName, RolloutCommand } from '../rollout.js';

export const COMMANDS: readonly CommandName[] = ['pause', 'resume', 'skip', 'promote', 'abort', 'rollback'];

/** Reads a command that a person sent; a text says what is wrong with it. Pure. */
export function readCommand(payload: unknown): RolloutCommand | string {
  if (typeof payload !== 'object' || payload === null)
    return `a command: expected an object, found ${payload === null ? 'null' : typeof payload}`;
  const { command, requestedBy, reason } = payload as Record<string, unknown>;
  if (!COMMANDS.includes(command as CommandName))
    return `a command, field command: expected one of ${COMMANDS.join(', ')}, found ${JSON.stringify(command)}`;
  if (typeof requestedBy !== 'string' || requestedBy === '' || requestedBy.length > 200)
    return 'a command, field requestedBy: expected a name of 1 to 200 characters';
  if (typeof reason !== 'string' || reason.length > 2000) return 'a command, field reason: expected a text of at most 2000 characters';
  return { command: command as CommandName, requestedBy, reason };
}
