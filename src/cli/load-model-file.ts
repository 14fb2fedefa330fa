import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Problem } from '../client/model-file/problem.js';
import { problemText } from '../client/model-file/problem.js';
import type { ModelFile } from '../client/model-file/read-model-file.js';
import { readModelFile } from '../client/model-file/read-model-file.js';
import type { ModelSpec } from '../domain/model-spec.js';
import { CommandError } from './explain-error.js';

/** Everything that can be said about a model file. @throws {CommandError} it cannot be read at all */
export function lintFile(file: string): ModelFile {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CommandError(
      `${file}: ${code === 'ENOENT' ? 'expected a model file, found nothing' : `cannot be read (${code})`}`,
      'correct the path after -f',
    );
  }
  const folder = dirname(file);
  return readModelFile(text, {
    file,
    fileExists: (path) => existsSync(join(folder, path)),
    readText: (path) => readText(resolve(folder, path)),
  });
}

function readText(path: string): string | { code: string } {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    return { code: (error as NodeJS.ErrnoException).code ?? 'unreadable' };
  }
}

/** The spec of a model file without mistakes. @throws {CommandError} all mistakes, each with file, line and column */
export function loadModelFile(file: string): ModelSpec {
  const { spec, problems } = lintFile(file);
  if (spec) return spec;
  const errors = problems.filter(({ severity }) => severity === 'error');
  throw new CommandError([`${file} has ${countWords(errors)}, nothing was changed`, ...errors.map(problemText)].join('\n'));
}

export function countWords(problems: readonly Problem[]): string {
  return `${problems.length} ${problems.length === 1 ? 'mistake' : 'mistakes'}`;
}
