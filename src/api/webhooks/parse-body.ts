import type { z } from 'zod';
import { ModelName } from '../../domain/model-spec.js';
import { ApiError } from '../refusal.js';

/** @throws {ApiError} 400: names the field, what was expected and what was found */
export function parseBody<T>(schema: z.ZodType<T>, body: string, what: string): T {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw new ApiError(400, `${what}: expected JSON, found something else`, 'set the content type of the webhook to application/json');
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new ApiError(400, `${what}, field ${issue.path.join('.') || '(the whole)'}: ${issue.message}`);
}

/** @throws {ApiError} 400 */
export function modelNamed(name: string | undefined, where: string): string {
  if (name === undefined || name === '')
    throw new ApiError(400, `${where}: expected the name of a model, found none`, 'add ?model=<name> to the address of the webhook');
  const parsed = ModelName.safeParse(name);
  if (!parsed.success) throw new ApiError(400, `${where}: ${parsed.error.issues[0]!.message}, found ${JSON.stringify(name.slice(0, 60))}`);
  return parsed.data;
}
