import type { Trigger } from '../trigger.js';

const KINDS: readonly string[] = [
  'person',
  'schedule',
  'drift',
  'decay',
  'webhook',
  'ci',
  'staleness',
  'newData',
] satisfies Trigger['kind'][];
const KEY_MAX = 200;
const TEXT_MAX = 2000;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * A trigger out of a message's payload, which anybody with the Temporal UI may have typed: the trigger, or what is wrong
 * with it. Pure and total; workflows cannot use the schema. Fields that are not a trigger's are left out.
 */
export function readTrigger(payload: unknown): Trigger | string {
  if (typeof payload !== 'object' || payload === null) {
    return `a trigger: expected an object, found ${payload === null ? 'null' : typeof payload}`;
  }
  const { key, kind, requestedBy, reason = '', asOf, retryOf, recipe, commit } = payload as Record<string, unknown>;
  if (!isText(key, 1, KEY_MAX)) return `a trigger, field key: expected 1 to ${KEY_MAX} characters`;
  if (typeof kind !== 'string' || !KINDS.includes(kind)) return `a trigger, field kind: expected one of ${KINDS.join(', ')}`;
  if (!isText(requestedBy, 1, KEY_MAX)) return `a trigger, field requestedBy: expected 1 to ${KEY_MAX} characters`;
  if (!isText(reason, 0, TEXT_MAX)) return `a trigger, field reason: expected at most ${TEXT_MAX} characters`;
  if (asOf !== undefined && !isTime(asOf)) return 'a trigger, field asOf: expected a time like 2026-03-01T12:00:00Z';
  if (retryOf !== undefined && !isNumber(retryOf)) return 'a trigger, field retryOf: expected the number of a cycle';
  if (commit !== undefined && !isText(commit, 0, KEY_MAX)) return `a trigger, field commit: expected at most ${KEY_MAX} characters`;
  if (recipe !== undefined && recipe !== 'recalibrate') return 'a trigger, field recipe: expected recalibrate, or nothing for a training';
  return {
    key,
    kind: kind as Trigger['kind'],
    requestedBy,
    reason,
    ...(asOf === undefined ? {} : { asOf }),
    ...(retryOf === undefined ? {} : { retryOf }),
    ...(recipe === undefined ? {} : { recipe }),
    ...(commit === undefined ? {} : { commit }),
  };
}

function isText(value: unknown, min: number, max: number): value is string {
  return typeof value === 'string' && value.length >= min && value.length <= max;
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && TIME.test(value) && !Number.isNaN(Date.parse(value));
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
