import { readFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { readHead, readSpec } from '../../client/ledger-view.js';
import { predict } from '../../client/predict.js';
import type { ModelSpec } from '../../domain/model-spec.js';
import { placeOfRoute, urlOf, type ServingCluster } from '../../domain/serving-cluster.js';
import { FeatureRow } from '../../domain/serving.js';
import type { Cli } from '../cli.js';
import { CommandError } from '../explain-error.js';
import { fileOption, parseModelName } from '../options.js';
import { predictionLines } from '../render/prediction-lines.js';
import { endpointsOfRunning } from '../running-stack.js';
import { openStore } from '../session.js';

interface PredictOptions {
  readonly file: string;
  readonly header: Readonly<Record<string, string>>;
}

export function addPredictCommand(program: Command, cli: Cli): void {
  program
    .command('predict')
    .description('ask a model through the router, as its callers do')
    .argument('<model>', 'name of the model', parseModelName)
    .addOption(fileOption('JSON: a row as an object of feature and value (null: unknown), or an array of rows'))
    .option('--header <name=value>', 'sent along, such as the one that serving.stickyBy names; may be repeated', collectHeader, {})
    .action(async (model: string, { file, header }: PredictOptions, command: Command) => {
      const rows = readRows(file);
      const { spec } = await specOf(cli, command, model);
      const url = gatewayUrl(model, spec.serving?.cluster) ?? routerUrl(cli, command);
      const signal = cli.terminal.interrupted;
      const prediction = await predict({ url, model, rows, features: spec.data.features, headers: header, signal });
      cli.print(command, { model, ...prediction }, () => predictionLines(rows, prediction));
    });
}

/** @throws {CommandError} the model is unknown, has no spec, or answers no requests */
async function specOf(cli: Cli, command: Command, model: string): Promise<ModelSpec> {
  const store = openStore(cli, command);
  const head = await readHead(store, model);
  if (!head?.after.specDigest) throw new CommandError(`there is no model ${model} in ${store.uri}`, '`ratchet get` lists the models');
  const spec = await readSpec(store, head.after.specDigest);
  if (spec.spec.serving) return spec;
  throw new CommandError(
    `${model} answers no requests: its spec has no \`serving\``,
    'add `serving: {}` to its model file, `ratchet apply` it, and promote a version',
  );
}

/** null: it is served by a stack. @throws {CommandError} its file does not say where the gateway answers */
function gatewayUrl(model: string, cluster: ServingCluster | undefined): string | null {
  const place = placeOfRoute(cluster);
  if (place === undefined) return null;
  const url = urlOf(place);
  if (url !== undefined) return url;
  const [where, field] = place.kind === 'sagemaker' ? ['SageMaker', 'serving.cluster.url'] : ['Kubernetes', 'serving.cluster.router.url'];
  throw new CommandError(
    `${model} is served on ${where}: expected ${field} in its model file, found none`,
    'add where its gateway answers, such as https://models.example.com, and `ratchet apply` it',
  );
}

/** @throws {CommandError} no router runs here */
function routerUrl(cli: Cli, command: Command): string {
  const home = cli.home(command);
  const endpoints = endpointsOfRunning(home, ({ traffic }) => traffic?.process ?? null);
  if (endpoints?.traffic) return endpoints.traffic.url;
  throw new CommandError(
    endpoints === null ? `no stack runs in ${home.path}` : `the stack in ${home.path} runs no router`,
    'start one with `ratchet up`, or name another folder with --home',
  );
}

/** @throws {CommandError} names the file, the row and the feature, what was expected and what was found */
function readRows(file: string): FeatureRow[] {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const found =
      code === 'ENOENT' ? 'nothing' : code === undefined ? `no JSON (${(error as Error).message})` : `what cannot be read (${code})`;
    throw new CommandError(`${file}: expected a JSON file of rows, found ${found}`, EXAMPLE);
  }
  const parsed = FeatureRow.array()
    .min(1)
    .safeParse(Array.isArray(value) ? value : [value]);
  if (parsed.success) return parsed.data;
  throw new CommandError(`${file}: ${faultIn(value)}`, EXAMPLE);
}

const EXAMPLE = 'a row is written as {"distance": 733, "carrier": "UA", "temp": null}; several stand in an array';

function faultIn(value: unknown): string {
  if (Array.isArray(value) && value.length === 0) return 'expected at least one row, found an empty array';
  const rows = Array.isArray(value) ? value : [value];
  for (const [index, row] of rows.entries()) {
    const where = Array.isArray(value) ? `row ${index + 1}` : 'the row';
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      return `${where}: expected an object of feature and value, found ${JSON.stringify(row)?.slice(0, 80)}`;
    }
    for (const [name, cell] of Object.entries(row)) {
      if (cell === null || typeof cell === 'string' || typeof cell === 'number') continue;
      return `${where}, field ${name}: expected a number, a text or null, found ${JSON.stringify(cell).slice(0, 80)}`;
    }
  }
  return 'expected a row or an array of rows';
}

function collectHeader(text: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const [, name, value] = /^([A-Za-z0-9!#$%&'*+.^_`|~-]+)=(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError(`expected name=value, found "${text}".`);
  return { ...before, [name.toLowerCase()]: value };
}
