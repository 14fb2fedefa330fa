import type { Command } from 'commander';
import { modelsWithState, readHead, readSpec } from '../../client/ledger-view.js';
import type { LedgerState } from '../../domain/ledger.js';
import type { ObjectStore } from '../../ports/object-store.js';
import type { Cli } from '../cli.js';
import { CommandError } from '../explain-error.js';
import { parseModelName } from '../options.js';
import { facts, table } from '../render/table.js';
import { pausedServingWords } from '../render/traffic-sentence.js';
import { openStore } from '../session.js';

export function addGetCommand(program: Command, cli: Cli): void {
  program
    .command('get')
    .description('the models, or one of them with the spec in force, from the ledger; needs no running stack')
    .argument('[model]', 'name of a model', parseModelName)
    .action(async (model: string | undefined, _options: object, command: Command) => {
      const store = openStore(cli, command);
      await (model === undefined ? getAll(cli, command, store) : getOne(cli, command, store, model));
    });
}

async function getAll(cli: Cli, command: Command, store: ObjectStore): Promise<void> {
  const models = (await modelsWithState(store)).map(({ model, after }) => ({ model, ...stateDocument(after) }));
  cli.print(command, models, () => {
    if (models.length === 0) return [`no models in ${store.uri}`];
    const rows = models.map((entry) => [entry.model, entry.champion, entry.generation, entry.openCycle, entry.paused ? 'yes' : 'no']);
    return table(['MODEL', 'CHAMPION', 'GENERATION', 'OPEN CYCLE', 'PAUSED'], rows);
  });
}

async function getOne(cli: Cli, command: Command, store: ObjectStore, model: string): Promise<void> {
  const head = await readHead(store, model);
  if (!head) throw new CommandError(`there is no model ${model} in ${store.uri}`, '`ratchet get` lists the models');
  const { after } = head;
  const spec = after.specDigest && (await readSpec(store, after.specDigest));
  cli.print(command, { model, ...stateDocument(after), spec }, () => [
    ...facts([
      ['model', model],
      ['owner', spec && spec.metadata.owner],
      ['tier', spec && spec.metadata.tier],
      ['champion', after.champion?.version],
      ['version before', after.previousChampion?.version],
      ['anchor', after.anchor?.version],
      ['may have traffic too', after.exposure && `${after.exposure.version.version}, ${shareWords(after.exposure.weightPercentMax)}`],
      ['bakes', after.bake ? `yes, that of cycle ${after.bake.cycle}` : 'no'],
      ['generation', after.generation],
      ['comparisons since the last promotion', after.comparisons],
      ['open cycle', after.openCycle],
      ['paused', after.paused ? 'yes' : 'no'],
      ['serving', after.servingPaused && pausedServingWords(after.servingPaused)],
      ['spec', after.specDigest],
      ['code', after.codeDigest],
      ['records', head.seq],
      ['ledger owner', after.owner],
    ]),
    '',
    `the whole spec: ratchet get ${model} -o yaml`,
  ]);
}

function shareWords(weightPercentMax: number): string {
  return weightPercentMax === 0 ? 'copies of the requests' : `at most ${weightPercentMax}% of the requests`;
}

function stateDocument({ champion, previousChampion, anchor, exposure, bake, servingPaused, ...state }: LedgerState) {
  const { generation, comparisons, openCycle, paused, specDigest, codeDigest, owner } = state;
  return {
    champion: champion?.version ?? null,
    previousChampion: previousChampion?.version ?? null,
    exposure: exposure === undefined ? null : { ...exposure, version: exposure.version.version },
    bake: bake ?? null,
    anchor: anchor?.version ?? null,
    generation,
    comparisons,
    openCycle,
    paused,
    servingPaused: servingPaused ?? null,
    specDigest,
    codeDigest,
    owner,
  };
}
