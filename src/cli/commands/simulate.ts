import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { CASES, labelCasesOf, simulateCase, simulateLabelCase, type SimulatedCase } from '../../domain/decide/simulation/simulate-cases.js';
import { labelledSpec } from '../../domain/decide/simulation/simulate-labels.js';
import type { ModelSpec } from '../../domain/model-spec.js';
import type { RolloutSpec } from '../../domain/rollout-spec.js';
import type { Cli } from '../cli.js';
import { CommandError } from '../explain-error.js';
import { loadModelFile } from '../load-model-file.js';
import { fileOption, parsePositiveInteger } from '../options.js';
import { simulationLines, type Simulation } from '../render/simulation.js';

interface Options {
  readonly file: string;
  readonly requestsPerSecond?: number;
  readonly errorShare?: number;
  readonly daySpread: number;
  readonly runs: number;
}

export function addSimulateCommand(program: Command, cli: Cli): void {
  program
    .command('simulate')
    .description(
      'play a model file’s rollout on made traffic and labels: how often a harmless challenger is turned back, how long the steps take, and how soon regressions are found; needs no running stack',
    )
    .addOption(fileOption())
    .addOption(
      new Option('--requests-per-second <number>', 'on average (default: rollout.traffic.requestsPerSecond)').argParser(parsePositive),
    )
    .addOption(
      new Option('--error-share <share>', 'of the champion (default: rollout.traffic.errorShare, else 0.001)').argParser(parseShare),
    )
    .addOption(
      new Option('--day-spread <margins>', 'standard deviation of what labels say of a day, in margins of the metric')
        .argParser(parsePositive)
        .default(1),
    )
    .addOption(new Option('--runs <number>', 'rollouts played per challenger').argParser(parsePositiveInteger).default(20))
    .action((options: Options, command: Command) => {
      const { rollout, label } = planOf(options.file);
      const traffic = trafficOf(options, rollout);
      const planned = { ...rollout, traffic };
      const play = <T extends { name: string }>(each: T, simulate: (one: T) => SimulatedCase): SimulatedCase => {
        cli.tell(`playing ${options.runs} rollouts of a challenger: ${each.name}`);
        return simulate(each);
      };
      const isCounted = rollout.metrics.some(isOfWindows);
      const cases = isCounted ? CASES.map((each) => play(each, (one) => simulateCase(planned, traffic, one, options.runs))) : [];
      const { daySpread } = options;
      const shape = { requestsPerSecond: traffic.requestsPerSecond, rule: label, daySpread };
      const labelCases = labelCasesOf(planned).map((each) => play(each, (one) => simulateLabelCase(planned, shape, one, options.runs)));
      const leftOut = rollout.metrics.map(({ kind }) => kind).filter((kind) => kind === 'distribution');
      const labels = { delayHours: label.delayHours, daySpread, cases: labelCases };
      const simulation: Simulation = { file: options.file, alpha: rollout.alpha, traffic, cases, labels, leftOut };
      cli.print(command, simulation, () => simulationLines(simulation));
    });
}

function planOf(file: string): { rollout: RolloutSpec; label: ModelSpec['spec']['data']['label'] } {
  const { rollout, data } = loadModelFile(file).spec;
  if (rollout === undefined) {
    throw new CommandError(
      `${file}: expected a section spec.rollout, found none`,
      'write down the steps; docs/reference/model-file.md has all fields',
    );
  }
  if (rollout.metrics.every(({ kind }) => kind === 'distribution')) {
    throw new CommandError(
      `${file}: spec.rollout.metrics: expected another than distribution, found none`,
      'add one: made traffic has no evaluation to be compared with',
    );
  }
  return { rollout, label: data.label };
}

function isOfWindows(metric: RolloutSpec['metrics'][number]): boolean {
  return metric.kind !== 'distribution' && labelledSpec(metric) === null;
}

function trafficOf({ file, requestsPerSecond, errorShare }: Options, { traffic }: RolloutSpec): NonNullable<RolloutSpec['traffic']> {
  const rate = requestsPerSecond ?? traffic?.requestsPerSecond;
  if (rate === undefined) {
    throw new CommandError(
      `${file}: spec.rollout.traffic: expected the requests per second, found nothing`,
      'write rollout.traffic: { requestsPerSecond: … }, or give --requests-per-second',
    );
  }
  return { requestsPerSecond: rate, errorShare: errorShare ?? traffic?.errorShare ?? 0.001 };
}

function parsePositive(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError(`expected a number above 0, found "${text}".`);
}

function parseShare(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value < 1) return value;
  throw new InvalidArgumentError(`expected a share from 0 to below 1, such as 0.002, found "${text}".`);
}
