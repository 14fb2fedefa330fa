import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { createLocalLogKeeper } from '../../../src/adapters/local/log-keeper.js';
import { createLocalObjectStore } from '../../../src/adapters/local/object-store.js';
import { describeLogKeeper } from '../../contracts/log-keeper.js';
import { temporaryFolder } from '../../temporary-folder.js';

const stepsPath = fileURLToPath(new URL('../../../steps', import.meta.url));

describeLogKeeper('local', () => {
  const store = createLocalObjectStore(join(temporaryFolder(), 'store'));
  return { store, keeper: createLocalLogKeeper({ pythonBin: dirname(inject('python')), stepsPath, storeUri: store.uri }) };
});
