import { z } from 'zod';
import { LedgerBody, type LedgerExpects } from './ledger.js';
import { ModelName } from './model-spec.js';

/** A wish to write one record, without what must hold at the head. */
export const LedgerWish = z.strictObject({
  model: ModelName,
  /** `<cycle or trigger>/<kind>`: the same wish has the same key, whoever asks and however often. */
  key: z.string().min(3).max(300),
  body: LedgerBody,
  /** Workflow time. It only informs. */
  at: z.iso.datetime({ offset: true }),
});
export type LedgerWish = z.infer<typeof LedgerWish>;

/** What an append is asked for. */
export interface AppendRequest extends LedgerWish {
  readonly expects: LedgerExpects;
}
