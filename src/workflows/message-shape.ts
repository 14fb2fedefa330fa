import { workflowInfo } from '@temporalio/workflow';
import { failWith, refuse } from './workflow-failure.js';

const TEXT_MAX = 2000;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

export type FieldShape = 'text' | 'textOrNull' | 'name' | 'digest' | 'digestOrNull' | 'count';

const EXPECTED: Record<FieldShape, string> = {
  text: `a text of at most ${TEXT_MAX} characters`,
  textOrNull: `a text of at most ${TEXT_MAX} characters, or null`,
  name: 'a text of 1 to 200 characters',
  digest: 'sha256:<64 hex digits>',
  digestOrNull: 'sha256:<64 hex digits>, or null',
  count: 'a whole number, not negative',
};

/**
 * Refuses an update whose payload is not what its type says: typed by hand, or sent by another version. In a validator, or
 * the handler would stumble over it and block the workflow.
 */
export function refuseUnlessShaped(what: string, payload: unknown, fields: Readonly<Record<string, FieldShape>>): void {
  if (typeof payload !== 'object' || payload === null)
    return refuse(`${what}: expected an object, found ${payload === null ? 'null' : typeof payload}`);
  for (const [field, shape] of Object.entries(fields)) {
    if (!hasShape((payload as Record<string, unknown>)[field], shape)) refuse(`${what}, field ${field}: expected ${EXPECTED[shape]}`);
  }
}

/** A workflow that was started by hand with another input or id would write beside the real one. Without `workflowId` any id will do. */
export function refuseStrangeStart(expected: { workflowId?: string; isInput: boolean; input: string }): void {
  const { workflowId, workflowType } = workflowInfo();
  if (expected.isInput && workflowId === (expected.workflowId ?? workflowId)) return;
  const message = expected.isInput
    ? `workflow id: expected ${expected.workflowId}, found ${workflowId}`
    : `${workflowType}: expected the input ${expected.input}`;
  throw failWith({ type: 'InputInvalid', class: 'invalid', message, remedy: 'do not start it by hand: ratchet trigger <model>' });
}

function hasShape(value: unknown, shape: FieldShape): boolean {
  if (shape === 'count') return Number.isSafeInteger(value) && (value as number) >= 0;
  if ((shape === 'digestOrNull' || shape === 'textOrNull') && value === null) return true;
  if (typeof value !== 'string') return false;
  if (shape === 'digest' || shape === 'digestOrNull') return DIGEST.test(value);
  return shape === 'name' ? value.length >= 1 && value.length <= 200 : value.length <= TEXT_MAX;
}
