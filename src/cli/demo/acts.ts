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
  /** A person has to sign before it goes on. */
  readonly isSigned: boolean;
  /** Said when it ended as it should. */
  readonly moral: string;
}

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
    moral:
      'The signature is bound to the digest of the candidate: model, data, code, config, gates and evidence. One byte changed, and it is void.',
  },
  {
    title: 'A better challenger',
    story: [
      'The data ends with June: three more months of flights, same recipe. The challenger has to beat the champion on 28 days',
      'that neither has seen, with the days (not the flights) drawn again 2,000 times.',
    ],
    asOf: '2013-07-01T00:00:00-04:00',
    outcome: 'promoted',
    isSigned: false,
    moral: 'Proven better, so nobody had to be asked; it is now champion and frozen anchor.',
  },
  {
    title: 'A well-meant change that spoils the model',
    story: [
      `The data ends with July. Somebody wants to catch more late flights and lets each count ${SPOILED_WEIGHT} times (trainer.config.lateRowsWeight: ${SPOILED_WEIGHT}).`,
      'The ranking (AUC) even looks better. The probabilities are nonsense.',
    ],
    asOf: '2013-08-01T00:00:00-04:00',
    change: (spec) => ({
      ...spec,
      spec: { ...spec.spec, trainer: { ...spec.spec.trainer, config: { ...spec.spec.trainer.config, lateRowsWeight: SPOILED_WEIGHT } } },
    }),
    outcome: 'rejected',
    isSigned: false,
    moral: 'Nothing was promoted: the champion of July goes on.',
  },
];
