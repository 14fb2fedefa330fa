import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { ModelSpec } from '../domain/model-spec.js';
import type { Cli } from './cli.js';

export function loadModelFile(_cli: Cli, file: string): ModelSpec {
  return ModelSpec.parse(parse(readFileSync(file, 'utf8')));
}
