import type { Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { LabelsAdded } from '../../client/labels/add-labels.js';
import type { LabelFormat } from '../../domain/label-receipt.js';
import { ModelName } from '../../domain/model-spec.js';
import { ApiError } from '../refusal.js';

export interface LabelPorts {
  /** @throws {RatchetError} as addLabels */
  readonly addLabels: (labels: {
    readonly model: string;
    readonly content: Uint8Array;
    readonly format: LabelFormat;
    readonly name: string;
    readonly skipBad: boolean;
  }) => Promise<LabelsAdded>;
}

const BODY_MIB_MAX = 32;

/** None of them is sent by a page of another site without asking first: whoever reads mail beside this server adds no labels. */
const FORMATS: Readonly<Record<string, LabelFormat>> = {
  'application/jsonl': 'jsonl',
  'application/x-ndjson': 'jsonl',
  'text/csv': 'csv',
  'application/vnd.apache.parquet': 'parquet',
};

/**
 * POST /v1/models/<model>/labels: ground truth by prediction id, taken in whole or not at all. 201: taken in. 200: the same
 * content was taken in before. 400 names the row and the field. `?skipBad=true` leaves bad rows out.
 */
export function mountLabels(api: Hono, ports: LabelPorts): void {
  const onError = (): never => {
    throw new ApiError(413, `the body: expected at most ${BODY_MIB_MAX} MiB, found more`, 'send it in parts: their order does not matter');
  };
  api.post('/v1/models/:model/labels', bodyLimit({ maxSize: BODY_MIB_MAX * 2 ** 20, onError }), (c) => receive(c, ports));
}

async function receive(c: Context, { addLabels }: LabelPorts): Promise<Response> {
  const format = FORMATS[(c.req.header('content-type') ?? '').split(';')[0]!.trim().toLowerCase()];
  if (format === undefined) {
    const found = c.req.header('content-type')?.slice(0, 100) ?? 'none';
    throw new ApiError(415, `header content-type: expected one of ${Object.keys(FORMATS).join(', ')}, found ${found}`);
  }
  const model = ModelName.safeParse(c.req.param('model'));
  if (!model.success) throw new ApiError(404, 'the model in the path: expected the name of a model, found something else');
  const content = new Uint8Array(await c.req.arrayBuffer());
  const added = await addLabels({ model: model.data, content, format, name: 'the body', skipBad: c.req.query('skipBad') === 'true' });
  return c.json(added, added.known ? 200 : 201);
}
