import type { Connection } from '@temporalio/client';
import { connectTemporal } from '../../client/connect-temporal.js';
import type { TemporalTarget } from '../../config/temporal-address.js';
import { SEARCH_ATTRIBUTES } from '../temporal-server.js';

/** `INDEXED_VALUE_TYPE_KEYWORD` of Temporal's API. */
const KEYWORD = 2;

/**
 * Looks whether a server that is not ours answers, and adds our search attributes where it may; cycles run without them, too.
 * @throws {RatchetError} Unexpected: it does not answer
 */
export async function prepareAttachedServer(target: TemporalTarget, tell: (line: string) => void): Promise<void> {
  const { namespace } = target;
  const { connection } = await connectTemporal(target);
  const operator = (connection as Connection).operatorService;
  try {
    const { customAttributes } = await operator.listSearchAttributes({ namespace });
    const missing = SEARCH_ATTRIBUTES.filter((name) => !Object.hasOwn(customAttributes ?? {}, name));
    if (missing.length === 0) return;
    await operator.addSearchAttributes({ namespace, searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])) });
    tell(`registered the search attributes ${missing.join(', ')}`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    tell(`search attributes could not be registered (${why}): cycles run without them; ask for ${SEARCH_ATTRIBUTES.join(', ')} as Keyword`);
  } finally {
    await connection.close();
  }
}
