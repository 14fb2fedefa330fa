import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);
const lines = readFileSync(new URL('Dockerfile', root), 'utf8').split('\n');
const ignored = readFileSync(new URL('.dockerignore', root), 'utf8').split('\n');

test('what is copied from the repository exists, and is let into the build', () => {
  const copied = lines
    .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
    .flatMap((line) => line.split(/\s+/).slice(1, -1));
  expect(copied.length).toBeGreaterThan(5);
  expect(copied.filter((path) => !existsSync(new URL(path, root)) || !ignored.includes(`!${path.split('/')[0]}`))).toEqual([]);
});

test('nothing of the machine that builds gets in unasked', () => {
  expect(ignored[0]).toBe('*');
  expect(ignored).toContain('**/.env');
});

test('the base image is pinned, and the last stage does not run as root', () => {
  const bases = lines.filter((line) => /^FROM \S+ AS /.test(line)).map((line) => line.split(' ')[1]!);
  expect(bases.filter((base) => base !== 'base' && !/:\d+\.\d+-/.test(base))).toEqual([]);
  expect(lines.filter((line) => line.startsWith('USER ')).at(-1)).toBe('USER node');
});
