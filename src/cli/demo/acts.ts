import type { CycleOutcome } from '../../domain/ledger.js';
import type { ModelSpec } from '../../domain/model-spec.js';

/** One cycle of the demo, and how it has to end. */
export interface Act {
  readonly title: string;
  /** What is about to happen and why it matters. */
  readonly story: readonly string[];
  readonly asOf: string;
  /** What is applied before it; absent: what was in force stays. */
  readonly change?: (spec: ModelSpec) => ModelSpec;
  readonly outcome: CycleOutcome;
  /** Words of the reason that has to stop it: an end for another one is not what the story tells. */
  readonly because?: string;
  /** A person has to sign before it goes on. */
  readonly isSigned: boolean;
  /** Real flights are asked about while it earns traffic; left out where nothing is served. */
  readonly isUnderTraffic: boolean;
  /** Said when it ended as it should. */
  readonly moral: string;
}

/** While another request is under way, one takes so long: asked one by one it is as quick as any. */
const SLOW_MS = 20;

const withConfig =
  (config: ModelSpec['spec']['trainer']['config']) =>
  (spec: ModelSpec): ModelSpec => ({
    ...spec,
    spec: { ...spec.spec, trainer: { ...spec.spec.trainer, config: { ...spec.spec.trainer.config, ...config } } },
  });

/** Late flights count so many times: the ranking gets better, the probabilities become wrong. */
const SPOILED_WEIGHT = 4;

/** The flights of 2013, days as New York counts them: as-of dates and outcomes were measured on this very data. */
export const ACTS: readonly Act[] = [
  {
    title: 'The first model',
    story: [
      'The data ends with March 2013. There is no champion yet, so there is nothing to hold the challenger against:',
      'the policy (`whenNoChampion: requireApproval`) asks for a person.',
    ],
    asOf: '2013-04-01T00:00:00-04:00',
    outcome: 'promoted',
    isSigned: true,
    isUnderTraffic: false,
    moral:
      'The signature is bound to the digest of the candidate: model, data, code, config, gates and evidence. One byte changed, and it is void.',
  },
  {
    title: 'A challenger that fears missing weather',
    story: [
      'The data ends with June. Somebody made the trainer refuse rows without a temperature (trainer.config.refuseNull: temp).',
      'No flight of the 28 days that it is judged on lacks one, so every figure is as good as that of the honest recipe.',
      'On 2 July the station at Newark will be silent for 42 flights.',
    ],
    asOf: '2013-07-01T00:00:00-04:00',
    change: withConfig({ refuseNull: 'temp' }),
    outcome: 'rejected',
    because: 'refuses a null in temp',
    isSigned: false,
    isUnderTraffic: false,
    moral: 'The probes asked what no row of the holdout asks. It never saw a request.',
  },
  {
    title: 'A challenger that is slow only under load',
    story: [
      `The same data, and a model server that lets requests wait for each other (trainer.config.slowUnderLoadMs: ${SLOW_MS}, a planted fault).`,
      'One by one it is as quick as any: every gate passes. Then sixteen callers ask about real flights, and a quarter of them meet it.',
    ],
    asOf: '2013-07-01T00:00:00-04:00',
    change: withConfig({ slowUnderLoadMs: SLOW_MS }),
    outcome: 'rejected',
    because: 'latency: slower than',
    isSigned: false,
    isUnderTraffic: true,
    moral: 'Caught by what callers met, not by a clock on one request; the champion answers all of them again.',
  },
  {
    title: 'A better challenger',
    story: [
      'The same data, the honest recipe: three more months of flights than the champion saw. It has to beat the champion on 28 days',
      'that neither has seen, with the days (not the flights) drawn again 2,000 times; then to do no harm under traffic.',
      'A rollout of hours and a bake of a day are pressed into seconds here.',
    ],
    asOf: '2013-07-01T00:00:00-04:00',
    outcome: 'promoted',
    isSigned: false,
    isUnderTraffic: true,
    moral: 'Proven better, so nobody had to be asked; it earned its traffic by degrees, and is now champion and frozen anchor.',
  },
  {
    title: 'A well-meant change that spoils the model',
    story: [
      `The data ends with July. Somebody wants to catch more late flights and lets each count ${SPOILED_WEIGHT} times (trainer.config.lateRowsWeight: ${SPOILED_WEIGHT}).`,
      'The ranking (AUC) even looks better. The probabilities are nonsense.',
    ],
    asOf: '2013-08-01T00:00:00-04:00',
    change: withConfig({ lateRowsWeight: SPOILED_WEIGHT }),
    outcome: 'rejected',
    because: 'too many positives',
    isSigned: false,
    isUnderTraffic: false,
    moral: 'Nothing was promoted: the champion of July goes on.',
  },
];
