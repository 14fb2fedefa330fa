import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { referencePages } from './reference/pages.js';

/** `npm run docs`: writes the generated pages of docs/reference. */
const folder = fileURLToPath(new URL('../docs/reference/', import.meta.url));
mkdirSync(folder, { recursive: true });
for (const [name, content] of Object.entries(referencePages())) {
  writeFileSync(join(folder, name), content);
  console.log(`docs/reference/${name}`);
}
