import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import type { GivenKey } from '../../client/audit/keyring.js';
import type { ExpectedHead, LedgerAudit } from '../../client/audit/verify-ledger.js';
import { verifyLedger } from '../../client/audit/verify-ledger.js';
import { listModels } from '../../client/ledger-view.js';
import type { Digest } from '../../domain/digest.js';
import { RatchetError } from '../../domain/failure.js';
import type { ObjectStore } from '../../ports/object-store.js';
import { openObjectStore } from '../../workers/open-object-store.js';
import type { Cli } from '../cli.js';
import { CommandError } from '../explain-error.js';
import { parseDigest, parseModelName } from '../options.js';
import { openStore } from '../session.js';

const KEY_REMEDY = 'name the `.pem` that was laid aside, as of `keys/` in the store';

interface VerifyCommandOptions {
  readonly store?: string;
  readonly key: readonly string[];
  readonly head?: ExpectedHead;
  readonly evidence: boolean;
  readonly data?: true;
}

export function addAuditCommand(program: Command, cli: Cli): void {
  const audit = program.command('audit').description('check what was recorded');
  audit
    .command('verify')
    .description(
      'check a ledger from end to end: order, chain, signatures, rules, and the evidence that it cites; needs nothing but the store',
    )
    .argument('[model]', 'name of the model (default: all)', parseModelName)
    .option('--store <folder or URI>', 'another store, such as a copied folder (default: that of the home)')
    .option('--key <file>', 'a public key (PEM) that came another way: signatures by others are problems; may be repeated', collect, [])
    .option('--head <seq:digest>', 'a head noted earlier: finds an end that was cut off', parseHead)
    .option('--no-evidence', 'leave out the documents and models that the records cite')
    .option('--data', 'read the rows of snapshots as well, where retention has not deleted them')
    .action(async (model: string | undefined, options: VerifyCommandOptions, command: Command) => {
      const store = options.store === undefined ? openStore(cli, command) : openObjectStore(storeUri(options.store));
      const audits = await auditAll(store, model, options);
      cli.print(command, audits, () => audits.flatMap(auditLines));
      if (audits.some((entry) => entry.problems.length > 0)) cli.exitCode = 1;
    });
}

async function auditAll(
  store: ObjectStore,
  model: string | undefined,
  { key, head, evidence, data }: VerifyCommandOptions,
): Promise<LedgerAudit[]> {
  const models = model === undefined ? await listModels(store) : [model];
  if (models.length === 0)
    throw new CommandError(`there is no ledger in ${store.uri}`, 'name the folder that holds `ledger/` and `objects/` with --store');
  if (head && models.length > 1) throw new CommandError('--head belongs to one ledger', 'name the model');
  const givenKeys = key.map(readKey);
  const audits: LedgerAudit[] = [];
  for (const name of models) {
    const auditing = verifyLedger(store, name, { givenKeys, evidence, data: data === true, ...(head ? { expectedHead: head } : {}) });
    audits.push(await (model === undefined ? auditing.catch((error: unknown) => unread(store, name, error)) : auditing));
  }
  return audits;
}

/** One ledger that cannot be read keeps nothing from being said about the others. @throws what is no trouble of one ledger's */
async function unread(store: ObjectStore, model: string, error: unknown): Promise<LedgerAudit> {
  if (!(error instanceof RatchetError) || error.type === 'InputInvalid') throw error;
  await store.list('ledger/', { limit: 1 }); // where the whole store is away, no ledger is at fault
  return { model, records: 0, head: null, problems: [{ seq: null, field: '', message: error.message }], notes: [] };
}

export function auditLines({ model, records, head, problems, notes }: LedgerAudit): string[] {
  const headWords = head ? `, head ${head.seq}:${head.digest}` : '';
  const verdict =
    problems.length === 0
      ? `${model}: holds, ${records} records${headWords}`
      : `${model}: DOES NOT HOLD, ${problems.length} problems in ${records} records`;
  const problemLines = problems.map(
    ({ seq, field, message }) => `  ✗ ${seq === null ? '' : `record ${seq}${field ? `, ${field}` : ''}: `}${message}`,
  );
  return [verdict, ...problemLines, ...notes.map((note) => `  · ${note}`)];
}

function readKey(file: string): GivenKey {
  try {
    return { source: file, pem: readFileSync(file, 'utf8') };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CommandError(`--key ${file}: expected a file with a public key (PEM), found ${code ?? String(error)}`, KEY_REMEDY);
  }
}

/** A store's root, or the home that holds it. */
function storeUri(text: string): string {
  return /^[a-z0-9]+:\/\//.test(text) ? text : pathToFileURL(join(resolve(text))).href;
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

function parseHead(text: string): ExpectedHead {
  const [, seq, digest] = /^(\d+):(.+)$/.exec(text) ?? [];
  if (seq === undefined || digest === undefined)
    throw new InvalidArgumentError(`expected <number>:<digest> as \`ratchet audit verify\` prints it, found "${text}".`);
  return { seq: Number(seq), digest: parseDigest(digest) as Digest };
}
