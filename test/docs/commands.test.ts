import type { Command } from 'commander';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Cli } from '../../src/cli/cli.js';
import { createProgram } from '../../src/cli/program.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const inDocs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((path) => join('docs', path));
const pages = ['README.md', 'CONTRIBUTING.md', ...inDocs].filter((path) => path.endsWith('.md'));
const program = createProgram({ terminal: { out() {}, err() {} } } as unknown as Cli);

/** `ratchet …` in shell blocks, and in code spans that name a command. */
function commandLines(page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8');
  const shell = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block]) => block!.replace(/\\\n/g, ' ').split('\n'));
  const spans = [...text.replace(/```[\s\S]*?```/g, '').matchAll(/`((?:npx )?ratchet [^`]+)`/g)].map(([, span]) => span!);
  return [...shell.map((line) => line.replace(/#.*$/, '').trim()), ...spans].filter((line) => /^(?:npx )?ratchet \w/.test(line));
}

/** What is wrong with a command line; null: nothing. */
function faultIn(line: string): string | null {
  const words = line.replace(/"[^"]*"|'[^']*'/g, 'TEXT').split(/\s+/);
  const [name, ...rest] = words.slice(words.indexOf('ratchet') + 1);
  let command: Command | undefined = program.commands.find((candidate) => candidate.name() === name);
  if (command === undefined) return `${line}: there is no command ${name}`;
  const nested: Command | undefined = command.commands.find((candidate) => candidate.name() === rest[0]);
  command = nested ?? command;
  const known = [...command.options, ...program.options].flatMap(({ short, long }) => [short, long]);
  const unknown = rest.filter((word) => /^-{1,2}[a-z]/.test(word)).find((word) => !known.includes(word.split('=')[0]));
  return unknown === undefined ? null : `${line}: ${command.name()} has no option ${unknown}`;
}

test.for(pages)('%s: every command exists, with every option', (page) => {
  expect(commandLines(page).flatMap((line) => faultIn(line) ?? [])).toEqual([]);
});
