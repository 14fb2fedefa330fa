import { RatchetError } from '../../domain/failure.js';
import { explainDiskError } from '../local/disk-error.js';

/** What a failed file operation means for a shift. @returns StoreFull, AccessDenied or RouterUnavailable; what is no such error as it is */
export async function explainFolderError(error: unknown, folder: string): Promise<unknown> {
  if (error instanceof Error && error.name === 'AbortError') return error; // has a code too
  const explained = await explainDiskError(error, 'routes of the proxy', folder);
  if (!(explained instanceof RatchetError) || explained.type !== 'StoreUnavailable') return explained;
  return new RatchetError('RouterUnavailable', `${explained.message}: expected files that can be read and written`, {
    remedy: `look at the disk of ${folder}; it is tried again`,
    cause: error,
  });
}
