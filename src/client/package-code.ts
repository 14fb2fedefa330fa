import { lstat, readFile, readdir, realpath } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import type { CodeBundle, ModelCode } from '../domain/code.js';
import type { Digest } from '../domain/digest.js';
import { documentBytes } from '../domain/document.js';
import { RatchetError } from '../domain/failure.js';
import type { JobFile } from '../domain/job.js';
import type { ModelSpec } from '../domain/model-spec.js';
import type { ObjectStore } from '../ports/object-store.js';

const bundleBytesMax = 64 * 1024 * 1024;

/**
 * Puts the files that a model file names into the store, so that a cycle months later runs the same code.
 * @param modelFolder the folder of the model file; every path is relative to it and stays inside
 * @returns the digest of the stored `ModelCode`: the code digest of every version trained with it
 * @throws {RatchetError} SpecInvalid: a path is missing, leaves the folder, holds no file, or the files are too large
 */
export async function packageCode(spec: ModelSpec, modelFolder: string, store: ObjectStore): Promise<Digest> {
  const source = spec.spec.data.source;
  const sourceFiles = source.kind === 'python' ? source.files : [];
  const document: ModelCode = {
    source: await putBundle('spec.data.source.files', sourceFiles),
    trainer: await putBundle('spec.trainer.files', spec.spec.trainer.files),
  };
  return putDocument(store, document);

  async function putBundle(field: string, paths: readonly string[]): Promise<Digest> {
    const found = await Promise.all(paths.map((path, index) => filesOf(`${field}[${index}]`, path, modelFolder)));
    const unique = [...new Set(found.flat())].sort();
    const files: JobFile[] = [];
    let bytes = 0;
    for (const file of unique) {
      const content = await readFile(join(modelFolder, file));
      bytes += content.byteLength;
      if (bytes > bundleBytesMax) {
        throw refused(
          field,
          `at most ${bundleBytesMax / 1024 / 1024} MiB of code`,
          'more',
          'name the files that the job needs, and read data from the data source',
        );
      }
      files.push({ path: file.split(sep).join('/'), digest: await store.put(content) });
    }
    return putDocument(store, { files } satisfies CodeBundle);
  }
}

/** Stores a document under the digest of its canonical JSON. */
export async function putDocument(store: ObjectStore, document: unknown): Promise<Digest> {
  return store.put(documentBytes(document));
}

async function filesOf(field: string, path: string, modelFolder: string): Promise<string[]> {
  const root = await realpath(modelFolder);
  const whole = resolve(root, path);
  const stat = await lstat(whole).catch(() => null);
  if (!stat) throw refused(field, `a file or folder ${path} beside the model file`, 'nothing', 'correct the path, or add the file');
  const real = await realpath(whole).catch(() => whole);
  if (real !== root && !real.startsWith(root + sep)) {
    throw refused(
      field,
      'a path inside the folder of the model file',
      `${path}, a link that leads out of it`,
      'copy the file beside the model file',
    );
  }
  const files = (await readdirOrSelf(whole)).map((file) => relative(root, file)).filter(isCode);
  if (files.length === 0) throw refused(field, `files in ${path}`, 'an empty folder', 'correct the path');
  return files;
}

async function readdirOrSelf(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch(() => null);
  if (!entries) return [path];
  // Links inside a folder are left out: what they point to is not what was reviewed.
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

/**
 * Compiled files differ from machine to machine, and would change the version without a change of the code; `.env` holds
 * secrets, and what is in the store stays there for ever.
 */
function isCode(path: string): boolean {
  return !/(^|[\\/])\.env(\.[^\\/]*)?$|(^|[\\/])(__pycache__|\.git|\.ratchet|\.venv|node_modules)([\\/]|$)|\.pyc$|\.DS_Store$/.test(path);
}

function refused(field: string, expected: string, found: string, remedy: string): RatchetError {
  return new RatchetError('SpecInvalid', `${field}: expected ${expected}, found ${found}`, { remedy });
}
