import { runScript } from '../../scripts/run-script.mjs';

// Imported late: an older Node could not read it.
await runScript(async () => (await import('./run-worker.js')).runWorker());
