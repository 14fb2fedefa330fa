import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readModelFile } from '../../src/client/model-file/read-model-file.js';
import { packageCode, putDocument } from '../../src/client/package-code.js';
import type { Digest } from '../../src/domain/digest.js';
import { ModelSpec } from '../../src/domain/model-spec.js';
import type { ObjectStore } from '../../src/ports/object-store.js';
import type { Fault } from './calendar.js';

/** The example's folder with the planted source beside it, as a user's repository would have it. */
export async function layModelFolder(folder: string): Promise<ModelSpec> {
  await mkdir(folder, { recursive: true });
  await cp(fileURLToPath(new URL('../../examples/flight-lateness', import.meta.url)), folder, { recursive: true });
  await cp(fileURLToPath(new URL('./leaking.py', import.meta.url)), join(folder, 'leaking.py'));
  const file = join(folder, 'watched.yaml');
  const { spec, problems } = readModelFile(await readFile(file, 'utf8'), { file });
  if (spec === null) throw new Error(problems.map(({ message }) => message).join('\n'));
  return spec;
}

/** Spec and code of a model of its own name. No traffic is divided here: what a rollout would have caught too, it does not. */
export async function putRecipe(
  store: ObjectStore,
  folder: string,
  honest: ModelSpec,
  { name, fault }: { name: string; fault: Fault | null },
): Promise<{ spec: ModelSpec; specDigest: Digest; codeDigest: Digest }> {
  const { serving: _serving, rollout: _rollout, ...rest } = withFault(honest, fault).spec;
  const spec = ModelSpec.parse({ ...honest, metadata: { ...honest.metadata, name }, spec: rest });
  return { spec, specDigest: await putDocument(store, spec), codeDigest: await packageCode(spec, folder, store) };
}

/** The recipe as somebody spoiled it. */
export function withFault(model: ModelSpec, fault: Fault | null): ModelSpec {
  const { spec } = model;
  const config = (change: Record<string, string | number>): ModelSpec => ({
    ...model,
    spec: { ...spec, trainer: { ...spec.trainer, config: { ...spec.trainer.config, ...change } } },
  });
  switch (fault) {
    case null:
      return model;
    case 'miscalibrated':
      return config({ lateRowsWeight: 4 });
    case 'refusesNull':
      return config({ refuseNull: 'temp' });
    case 'leaking':
      return {
        ...model,
        spec: {
          ...spec,
          data: {
            ...spec.data,
            source: { kind: 'python', entrypoint: 'leaking:load', files: ['flights.py', 'leaking.py'] },
            features: [...spec.data.features, { name: 'dep_delay', type: 'number', nullable: true, min: -200, max: 2000 }],
          },
        },
      };
  }
}
