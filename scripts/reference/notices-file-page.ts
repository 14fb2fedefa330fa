import { z } from 'zod';
import type { SchemaNode } from '../../src/client/model-file/schema-tree.js';
import { NoticeRoute, NoticesConfig } from '../../src/config/notices-config.js';
import { NoticeEvent } from '../../src/domain/notice.js';
import { GENERATED } from './markdown.js';
import { keyTable } from './model-file-page.js';

const MEANINGS: Record<NoticeEvent, string> = {
  approval: 'a person must decide about a candidate',
  escalation: 'nobody has decided within approval.escalateAfterHours',
  bake: 'the first champion is beyond its limits, and there is nobody to turn back to',
  reconcile: 'alias or traffic were not as the ledger says, or somebody edited servers by hand',
  monitor: 'monitoring found drift, decay, or something else worth a look',
  test: 'sent by `ratchet notices test`',
};

const schemaOf = (schema: z.ZodType): SchemaNode => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as SchemaNode;

/** docs/reference/notices-file.md */
export function noticesFilePage(): string {
  const kinds = NoticeRoute.options.flatMap((option) => {
    const node = schemaOf(option);
    return [`## kind: ${String(node.properties?.['kind']?.const)}`, '', ...keyTable(node)];
  });
  return [
    GENERATED,
    '# Notices file',
    '',
    '`notices.yaml` in the home of the stack, or the file that `RATCHET_NOTICES_FILE` names: who is told of what needs a person.',
    'Read at each use. [How to write one](../how-to/notices.md).',
    '',
    ...keyTable(schemaOf(NoticesConfig)),
    ...kinds,
    '## Events',
    '',
    'For `spec.notices[].on` of the [model file](model-file.md).',
    '',
    ...NoticeEvent.options.map((event) => `- \`${event}\`: ${MEANINGS[event]}`),
    '',
  ].join('\n');
}
