import { digestOfBytes } from '../../domain/digest.js';
import { documentBytes, parseDocument } from '../../domain/document.js';
import { RatchetError } from '../../domain/failure.js';
import { labelKey, LabelReceipt, labelReceiptKey, type LabelFormat } from '../../domain/label-receipt.js';
import type { ObjectStore } from '../../ports/object-store.js';
import { checkRows, type BadRow } from './check-rows.js';
import { labelTable } from './label-table.js';
import { readRawRows } from './raw-rows.js';

export interface LabelsToAdd {
  readonly store: ObjectStore;
  readonly model: string;
  /** The file as it was given: its bytes name it. */
  readonly content: Uint8Array;
  readonly format: LabelFormat;
  /** How errors call the file; `-` is the standard input. */
  readonly name: string;
  /** Rows that are no labels are left out and counted; else one of them refuses the whole file. */
  readonly skipBad: boolean;
  /** Since 1970, UTC. */
  readonly nowMs: number;
}

export interface LabelsAdded extends LabelReceipt {
  /** The same content was taken in before, and nothing has changed. */
  readonly known: boolean;
  /** The first of those left out, each with its place. */
  readonly problems: readonly string[];
}

const PROBLEMS_MAX = 20;

/**
 * Takes in a file of labels, whole or not at all. The labels are written first and the receipt after them: whoever dies in
 * between is asked again and writes the labels once more, and the join counts equal ones once.
 *
 * @throws {RatchetError} InputInvalid: no labels in it, or a bad row. ModelUnknown. StoreUnavailable, StoreFull, AccessDenied.
 */
export async function addLabels({ store, model, content, format, name, skipBad, nowMs }: LabelsToAdd): Promise<LabelsAdded> {
  if ((await store.list(`ledger/${model}/`, { limit: 1 })).length === 0)
    throw new RatchetError('ModelUnknown', `there is no model ${model} in ${store.uri}`, { remedy: '`ratchet get` lists the models' });
  const contentDigest = digestOfBytes(content);
  const receiptKey = labelReceiptKey(model, contentDigest);
  const before = await readReceipt(store, receiptKey);
  if (before !== null) return { ...before, known: true, problems: [] };
  const { labels, bad } = checkRows(await readRawRows(content, format, name), { name, nowMs });
  if (bad.length > 0 && !skipBad) throw refusal(bad, name);
  if (labels.length === 0) throw new RatchetError('InputInvalid', `${name}: expected at least one label, found none`, { remedy: EXAMPLE });
  const key = labelKey(model, nowMs, contentDigest);
  await store.createIfAbsent(
    key,
    labelTable(labels, { receivedAtMs: nowMs, source: contentDigest.slice('sha256:'.length, 'sha256:'.length + 24) }),
  );
  const receipt = { model, contentDigest, key, receivedAt: new Date(nowMs).toISOString(), rows: labels.length, badRows: bad.length };
  await store.createIfAbsent(receiptKey, documentBytes(receipt));
  return { ...receipt, known: false, problems: bad.slice(0, PROBLEMS_MAX).map(({ message }) => message) };
}

const EXAMPLE = 'a label is written as {"id": "<id of the answer>", "row": 0, "value": 1, "observedAt": "2013-07-01T06:00:00Z"}';

async function readReceipt(store: ObjectStore, key: string): Promise<LabelReceipt | null> {
  const bytes = await store.get(key);
  return bytes === null ? null : parseDocument(LabelReceipt, 'receipt of labels', digestOfBytes(bytes), bytes);
}

function refusal(bad: readonly BadRow[], name: string): RatchetError {
  const [first, ...others] = bad;
  const shown = others.slice(0, PROBLEMS_MAX - 1).map(({ message }) => message);
  const more = others.length > shown.length ? [`… and ${others.length - shown.length} more`] : [];
  return new RatchetError('InputInvalid', first!.message, {
    remedy: `nothing was taken in from ${name}: correct ${bad.length === 1 ? 'the row' : `the ${bad.length} rows`}, or leave them out (--skip-bad, over HTTP ?skipBad=true)`,
    ...(others.length > 0 && { detail: [...shown, ...more].join('\n') }),
  });
}
