/** What files under `folder` may import. Entries: a path under src/ (and all below it), a package, or `node:`. */
export interface ImportRow {
  readonly folder: string;
  readonly values: readonly string[];
  readonly types: readonly string[];
  /** paths under src/ that an entry above would cover, but that are left out */
  readonly except?: readonly string[];
}

/** The layers. The first row whose folder holds a file rules it; its own folder is always allowed. */
export const importTable: readonly ImportRow[] = [
  // latency-edges: the buckets of the histograms that are judged; constants alone.
  { folder: 'domain/decide', values: ['domain/failure', 'domain/latency-edges'], types: ['domain'] },
  { folder: 'domain/digest.ts', values: ['domain', 'zod', 'canonicalize', 'node:crypto'], types: [] },
  { folder: 'domain/public-key.ts', values: ['domain', 'zod', 'node:crypto'], types: [] },
  { folder: 'domain', values: ['zod'], types: [], except: ['domain/decide'] },
  { folder: 'ports', values: [], types: ['domain'] },
  {
    folder: 'adapters/s3',
    values: ['ports', 'domain', 'node:', '@aws-sdk/client-s3', '@aws-sdk/lib-storage'],
    types: [],
    except: ['domain/decide'],
  },
  // Routes as objects of Kubernetes: one client, one fence and one order of things; the kinds of objects differ.
  { folder: 'adapters/gateway-api', values: ['ports', 'domain', 'zod', 'adapters/kubernetes'], types: [], except: ['domain/decide'] },
  { folder: 'adapters/istio', values: ['ports', 'domain', 'zod', 'adapters/kubernetes'], types: [], except: ['domain/decide'] },
  {
    // Its controller divides the requests by Istio.
    folder: 'adapters/argo-rollouts',
    values: ['ports', 'domain', 'zod', 'adapters/kubernetes', 'adapters/istio'],
    types: [],
    except: ['domain/decide'],
  },
  {
    // SageMaker keeps checkpoints in the bucket of the store: opened and explained as the store does it.
    folder: 'adapters/sagemaker',
    values: [
      'ports',
      'domain',
      'node:',
      '@aws-sdk/client-cloudwatch',
      '@aws-sdk/client-sagemaker',
      '@aws-sdk/client-sagemaker-runtime',
      'adapters/infer',
      'adapters/next-wake',
      'adapters/s3/s3-client',
      'adapters/s3/s3-error',
      'adapters/s3/s3-session',
    ],
    types: [],
    except: ['domain/decide'],
  },
  {
    // Envoy's files lie on this machine: how they are replaced, and what its bootstrap calls them, is the local stack's.
    folder: 'adapters/envoy',
    values: [
      'ports',
      'domain',
      'zod',
      'node:',
      'adapters/local/disk-error',
      'adapters/local/durable-file',
      'adapters/local/process-identity',
      'adapters/local/servers/envoy-files',
    ],
    types: [],
    except: ['domain/decide'],
  },
  {
    folder: 'adapters/kubernetes',
    values: ['ports', 'domain', 'zod', 'node:', '@kubernetes/client-node', 'adapters/next-wake', 'adapters/infer'],
    types: [],
    except: ['domain/decide'],
  },
  { folder: 'adapters/memory', values: ['ports', 'domain', 'adapters/next-wake'], types: [], except: ['domain/decide'] },
  { folder: 'adapters/webhook', values: ['ports', 'domain', 'standardwebhooks'], types: [], except: ['domain/decide'] },
  // Posts JSON as the webhook does: one way to say what went wrong, without the secret.
  { folder: 'adapters/slack', values: ['ports', 'domain', 'adapters/webhook/post-json'], types: [], except: ['domain/decide'] },
  { folder: 'adapters/alertmanager', values: ['ports', 'domain', 'adapters/webhook/post-json'], types: [], except: ['domain/decide'] },
  { folder: 'adapters/email', values: ['ports', 'domain', 'node:', 'nodemailer'], types: [], except: ['domain/decide'] },
  // Model servers speak one protocol, wherever they run.
  {
    folder: 'adapters/local',
    values: ['ports', 'domain', 'zod', 'node:', 'adapters/infer', 'adapters/next-wake'],
    types: [],
    except: ['domain/decide'],
  },
  {
    folder: 'adapters/prediction-log',
    values: ['ports', 'domain', 'hyparquet', 'hyparquet-compressors'],
    types: [],
    except: ['domain/decide'],
  },
  { folder: 'adapters/*', values: ['ports', 'domain', 'zod', 'node:'], types: [], except: ['domain/decide'] },
  { folder: 'activities', values: ['@temporalio/activity', '@temporalio/common', 'ports', 'domain'], types: ['zod', 'node:crypto'] },
  {
    folder: 'workflows',
    values: ['@temporalio/workflow', '@temporalio/common', 'domain/decide', 'domain/failure'],
    types: ['domain', 'activities'],
  },
  // Reads the trainer's folder of the machine where `ratchet apply` runs.
  { folder: 'client/package-code.ts', values: ['domain', 'node:'], types: ['ports'], except: ['domain/decide'] },
  // As package-code: what lies beside the model file.
  { folder: 'client/serving-keys.ts', values: ['domain', 'client/model-file', 'node:'], types: [] },
  // Reads what the ledger says and recomputes it with the pure rules: knows no Temporal.
  { folder: 'client/audit', values: ['domain'], types: ['ports', 'zod', 'node:crypto'] },
  // Reads model.yaml, with the line and column of every mistake.
  { folder: 'client/model-file', values: ['domain', 'zod', 'yaml'], types: [] },
  // Takes in files of labels: reads three formats and writes one. Knows no Temporal.
  {
    folder: 'client/labels',
    values: ['domain', 'client/ledger-view', 'csv-parse', 'hyparquet', 'hyparquet-compressors', 'hyparquet-writer'],
    types: ['ports', 'zod'],
  },
  // Reads which data the ledgers refer to, and deletes what retention lets go: knows no Temporal.
  { folder: 'client/retention', values: ['domain', 'client/audit', 'client/ledger-view'], types: ['ports'] },
  {
    folder: 'client',
    values: ['@temporalio/client', '@temporalio/common', 'domain', 'workflows/messages', 'node:timers/promises'],
    types: ['workflows', 'ports'],
    except: ['domain/decide'],
  },
  { folder: 'config', values: ['domain', 'zod', 'node:', 'yaml', '@temporalio/envconfig'], types: [], except: ['domain/decide'] },
  {
    folder: 'api',
    values: ['client', 'domain', 'config', 'workers/compose', 'node:', 'hono', 'zod', 'standardwebhooks'],
    types: ['ports', 'workflows/messages'],
  },
  // Before anything else: whether this Node can read it.
  { folder: 'cli/main.ts', values: ['cli/run-process', '../scripts/run-script.mjs'], types: [] },
  {
    folder: 'cli',
    // workers/stack: `ratchet up` and `ratchet demo` run the embedded servers; open-object-store: `audit verify` needs no worker
    values: ['client', 'domain', 'config', 'workers/compose', 'workers/stack', 'workers/open-object-store', 'node:', 'commander', 'yaml'],
    types: ['ports', 'workflows/messages'],
  },
  { folder: 'workers', values: ['*'], types: ['*'] },
];

/** Does the row allow `target` (a path under src/, or a package's name)? */
export function allows(row: ImportRow, target: string, isType: boolean): boolean {
  if (!isType && (row.except ?? []).some((entry) => covers(entry, target))) return false;
  const allowed = [row.folder, ...row.values, ...(isType ? row.types : [])];
  return allowed.some((entry) => covers(entry, target));
}

/** The row for a file given by its path under src/, with `*` in its folder filled in. */
export function rowFor(file: string): ImportRow | undefined {
  for (const row of importTable) {
    const folder = row.folder.endsWith('/*') ? file.split('/').slice(0, row.folder.split('/').length).join('/') : row.folder;
    const matches = row.folder.endsWith('/*') ? file.startsWith(row.folder.slice(0, -1)) : covers(row.folder, file);
    if (matches) return { ...row, folder };
  }
  return undefined;
}

function covers(entry: string, target: string): boolean {
  if (entry === '*') return true;
  if (entry.endsWith(':')) return target.startsWith(entry);
  return target === entry || target === `${entry}.ts` || target.startsWith(`${entry}/`);
}
