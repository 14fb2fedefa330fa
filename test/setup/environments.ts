import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { ensureBuild } from '../../scripts/build.mjs';
import { ensurePythonEnv, ensureTestPythonEnv } from '../../scripts/python-env.mjs';
import { findVersitygw } from '../../scripts/versitygw.mjs';

declare module 'vitest' {
  export interface ProvidedContext {
    /** the interpreter of the steps' environment */
    python: string;
    /** the interpreter of what only the tests need */
    testPython: string;
    /** the Temporal CLI, which carries the dev server */
    temporalCli: string;
    /** the time-skipping test server */
    temporalTestServer: string;
    /** the S3 server, or null where it has not been built (no Go): skip with a plain sentence */
    versitygw: string | null;
    /** what the tests of test/adapters/s3 run on */
    triedS3: { readonly name: 'versitygw' | 'minio'; readonly binary: string | null };
  }
}

/** Makes what is missing, so that `npx vitest run test/contracts/...` works alone; tells the tests where things are. */
export default async function setup(project: TestProject): Promise<void> {
  const log = (line: string): void => console.log(`setup: ${line}`);
  const env = await ensurePythonEnv({ log });
  const testEnv = await ensureTestPythonEnv({ log });
  // `npm test` has built before and stops where that fails; a single test file must not wait for an unrelated one to parse.
  await ensureBuild(log).catch((error: Error) => log(`${error.message}\nthe previous dist/ is used`));
  project.provide('python', env.python);
  project.provide('testPython', testEnv.python);
  project.provide('temporalCli', join(env.bin, 'temporal'));
  project.provide('temporalTestServer', join(testEnv.bin, 'temporal-test-server'));
  project.provide('versitygw', findVersitygw());
  project.provide('triedS3', { name: 'versitygw', binary: findVersitygw() });
}
