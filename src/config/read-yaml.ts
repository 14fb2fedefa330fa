import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { z } from 'zod';

/**
 * A file of settings as its schema has it; an empty one is `{}`, null: there is no such file.
 * @throws {Error} names file and field, what was expected and what was found
 */
export function readYaml<T>(file: string, schema: z.ZodType<T>): T | null {
  if (!existsSync(file)) return null;
  let document: unknown;
  try {
    document = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`${file}: expected YAML: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`, { cause: error });
  }
  const parsed = schema.safeParse(document ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new Error(`${file}, field ${issue.path.join('.') || '(the whole)'}: ${issue.message}`);
}
