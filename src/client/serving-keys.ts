import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { RatchetError } from '../domain/failure.js';
import type { ModelSpec } from '../domain/model-spec.js';
import { faultOfKeys } from './model-file/public-keys.js';

/**
 * The spec with the public keys that its jwksFile names, where that lies beside the model file: no worker needs to know the folder,
 * and the spec's digest is that of the keys too.
 * @param folder of the model file
 * @throws {RatchetError} SpecInvalid: it cannot be read, or holds no public keys
 */
export async function withKeys(model: ModelSpec, folder: string): Promise<ModelSpec> {
  const { serving } = model.spec;
  const jwt = serving?.jwt;
  if (serving === undefined || jwt === undefined || isAbsolute(jwt.jwksFile)) return model;
  const file = join(folder, jwt.jwksFile);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw refused(file, error.code ?? error.message, error);
  });
  const fault = faultOfKeys(text);
  if (fault !== null) throw refused(file, fault);
  return { ...model, spec: { ...model.spec, serving: { ...serving, jwt: { ...jwt, jwks: text } } } };
}

function refused(file: string, found: string, cause?: unknown): RatchetError {
  const message = `spec.serving.jwt.jwksFile: expected public keys (JWKS) in ${file}, found ${found}`;
  return new RatchetError('SpecInvalid', message, { remedy: 'correct the path or the file: ratchet lint -f <model file>', cause });
}
