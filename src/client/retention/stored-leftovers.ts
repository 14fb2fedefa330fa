import type { JobLeftovers } from '../../ports/job-leftovers.js';
import type { ObjectStore } from '../../ports/object-store.js';

const endRecord = /^jobs\/kubernetes\/([^/]+)\.json$/;

/** What jobs on Kubernetes and SageMaker leave in the object store: how they ended, their logs, their checkpoints. */
export function createStoredLeftovers(store: ObjectStore): JobLeftovers {
  return {
    jobs: async () => [...new Set((await keysUnder('jobs/')).flatMap((key) => endRecord.exec(key)?.[1] ?? runnersJob(key)))],
    checkpoints: async () => [...new Set((await keysUnder('checkpoints/')).map((key) => key.split('/').slice(1, 3).join('/')))],
    async removeJob(name) {
      for (const key of [`jobs/kubernetes/${name}.json`, ...(await keysUnder(`jobs/${name}/`))]) await store.removeKey(key);
    },
    async removeCheckpoints(place) {
      for (const key of await keysUnder(`checkpoints/${place}/`)) await store.removeKey(key);
    },
  };

  /** `jobs/<name>/<order>/<file>` */
  function runnersJob(key: string): string[] {
    const [, name = '', ...rest] = key.split('/');
    return rest.length === 2 ? [name] : [];
  }

  async function keysUnder(prefix: string): Promise<string[]> {
    const keys: string[] = [];
    for (let page = await store.list(prefix); page.length > 0; page = await store.list(prefix, { startAfter: page.at(-1)! }))
      keys.push(...page);
    return keys;
  }
}
