import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { RatchetError } from '../domain/failure.js';

/** A request that is not served, and why: what was expected, what to do. Never a secret. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    readonly status: ContentfulStatusCode,
    message: string,
    readonly remedy = '',
  ) {
    super(message);
  }
}

/** What a caller is told of an error of ours. 5xx asks the sender to try again. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof RatchetError) {
    const status = error.type === 'ModelUnknown' ? 404 : error.class === 'rejected' ? 409 : error.class === 'invalid' ? 400 : 503;
    return new ApiError(status, error.message, error.remedy);
  }
  return new ApiError(500, 'something went wrong here', 'look at logs/api.log in the home of the stack');
}
