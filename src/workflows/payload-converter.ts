import { defaultPayloadConverter, type PayloadConverter } from '@temporalio/common';

/** What stands in a message's place where its payload cannot be read: no shape fits it, so whoever gets it refuses it. */
export interface UnreadablePayload {
  readonly unreadable: string;
}

/**
 * The default, except that a payload which cannot be read is handed on as such. Whoever sends a Signal may choose any
 * encoding (the Temporal UI offers some that this SDK does not know); the error would block the workflow for ever.
 */
export const payloadConverter: PayloadConverter = {
  toPayload: (value, ...more) => defaultPayloadConverter.toPayload(value, ...more),
  fromPayload<T>(...args: Parameters<PayloadConverter['fromPayload']>): T {
    try {
      return defaultPayloadConverter.fromPayload(...args) as T;
    } catch (error) {
      return { unreadable: error instanceof Error ? error.message : String(error) } satisfies UnreadablePayload as T;
    }
  },
};
