import { test } from 'vitest';
import { expectProblems, type Mistake } from './expect-problems.js';

/** Types and values: what is replaced in the good file, by what, and all that is said about it. */
const mistakes: Mistake[] = [
  [
    'an unknown apiVersion',
    'ratchet.dev/v1',
    'ratchet.dev/v2',
    '1:13: error: apiVersion: expected "ratchet.dev/v1", found "ratchet.dev/v2". Did you mean ratchet.dev/v1?',
  ],
  ['an unknown kind', 'kind: Model', 'kind: Modle', '2:7: error: kind: expected "Model", found "Modle". What the document describes.'],
  [
    'a name with capitals',
    'name: flight-lateness',
    'name: Flight_Lateness',
    '4:9: error: metadata.name: expected lower-case letters, digits and dashes, at most 53, found "Flight_Lateness". Part of workflow ids, paths and registry names; never changes.',
  ],
  [
    'a misspelt choice',
    'tier: medium',
    'tier: medum',
    '6:9: error: metadata.tier: expected one of low, medium, high, found "medum". Did you mean medium?',
  ],
  [
    'a text for a number',
    'timeLimitSeconds: 600',
    'timeLimitSeconds: 10m',
    '31:23: error: spec.trainer.timeLimitSeconds: expected a number, found "10m". Write timeLimitSeconds: 600 (the unit is in the name)',
  ],
  [
    'a text with another unit of size',
    'memoryMiB: 2048',
    'memoryMiB: 2Gi',
    '30:29: error: spec.trainer.resources.memoryMiB: expected a number, found "2Gi". Write memoryMiB: 2048 (the unit is in the name)',
  ],
  [
    'a fraction of a day',
    'holdoutDays: 28',
    'holdoutDays: 27.5',
    '15:20: error: spec.data.window.holdoutDays: expected a whole number, found 27.5. Write holdoutDays: 28',
  ],
  [
    'more days than there are numbers',
    'holdoutDays: 28',
    'holdoutDays: 1e400',
    '15:20: error: spec.data.window.holdoutDays: expected a number, found Infinity. The last days before the end are never trained on; all arms are judged there.',
  ],
  [
    'what is no number at all',
    'timeLimitSeconds: 600',
    'timeLimitSeconds: .nan',
    '31:23: error: spec.trainer.timeLimitSeconds: expected a number, found NaN. After this the job is stopped as timed out.',
  ],
  [
    'a number for a text',
    'OMP_NUM_THREADS: "1"',
    'OMP_NUM_THREADS: 1',
    '29:37: error: spec.trainer.environment.OMP_NUM_THREADS: expected a text, found 1. Put it in quotes: "1"',
  ],
  [
    'a map for a list',
    'slices: [{ by: origin }]',
    'slices: { by: origin }',
    '35:13: error: spec.evaluation.slices: expected a list, found {"by":"origin"}. Parts of the rows that are evaluated apart.',
  ],
  [
    'nothing for a map',
    '  checks:\n    nullShareMax: 0.5',
    '  checks: nothing',
    '24:11: error: spec.checks: expected a map, found "nothing". What the rows must satisfy before anything is trained on them.',
  ],
  [
    'a percentage for a share',
    'nullShareMax: 0.5',
    'nullShareMax: 50',
    '25:19: error: spec.checks.nullShareMax: expected a number, at least 0 and at most 1, found 50. This is a share, not a percentage: 50% is 0.5',
  ],
  [
    'a negative time',
    'delayHours: 24',
    'delayHours: -1',
    '18:19: error: spec.data.label.delayHours: expected a number, at least 0 and at most 87600, found -1. A label is mature this long after the row’s time; without --as-of the data window ends where labels are mature.',
  ],
  [
    'a time in milliseconds',
    'delayHours: 24',
    'delayHours: 2592000000',
    '18:19: error: spec.data.label.delayHours: expected a number, at least 0 and at most 87600, found 2592000000. A label is mature this long after the row’s time; without --as-of the data window ends where labels are mature.',
  ],
  [
    'an alpha of zero',
    'alpha: 0.05',
    'alpha: 0',
    '37:12: error: spec.gates.alpha: expected a number, more than 0 and at most 0.5, found 0. For all comparisons since the last promotion together: the k-th gets alpha/(k(k+1)).',
  ],
  [
    'an alpha in percent',
    'alpha: 0.05',
    'alpha: 5',
    '37:12: error: spec.gates.alpha: expected a number, more than 0 and at most 0.5, found 5. This is a share, not a percentage: 5% is 0.05',
  ],
  [
    'an empty list',
    'metrics: [auc, logLoss]',
    'metrics: []',
    '33:14: error: spec.evaluation.metrics: expected at least 1 entry, found an empty list. What is computed for every arm; gates may ask about these.',
  ],
  [
    'an unknown metric',
    'metrics: [auc, logLoss]',
    'metrics: [auc, logloss]',
    '33:20: error: spec.evaluation.metrics[1]: expected one of auc, logLoss, brier, found "logloss". Did you mean logLoss?',
  ],
  [
    'an unknown kind of source',
    'kind: python',
    'kind: pyton',
    '9:21: error: spec.data.source.kind: expected one of python, parquet, found "pyton". Did you mean python?',
  ],
  [
    'an entrypoint without a function',
    'entrypoint: "flights:load"',
    'entrypoint: flights.load',
    '9:41: error: spec.data.source.entrypoint: expected module:function, found "flights.load". A function (start, end) -> pandas.DataFrame of all rows with start <= time < end.',
  ],
  [
    'a date without a time',
    '"2013-01-01T00:00:00-05:00"',
    '2013-01-01',
    '14:14: error: spec.data.window.start: expected a time with its offset, like "2013-01-01T00:00:00-05:00", found "2013-01-01". A fixed start: the window grows.',
  ],
  [
    'start and days together',
    '      holdoutDays: 28',
    '      days: 90\n      holdoutDays: 28',
    '14:7: error: spec.data.window: expected exactly one of start and days, found {"start":"2013-01-01T00:00:00-05:00","days":90,"holdoutDa…. Which days a cycle sees; exactly one of start and days.',
  ],
  [
    'a path out of the folder',
    'files: [train.py]',
    'files: [../train.py]',
    '28:13: error: spec.trainer.files[0]: expected a path inside the folder of the model file, found "../train.py"',
  ],
  [
    'a secret',
    'OMP_NUM_THREADS: "1"',
    'AWS_SECRET_ACCESS_KEY: abc',
    '29:20: error: spec.trainer.environment.AWS_SECRET_ACCESS_KEY: expected no name of a secret, which may not stand in a model file, found "AWS_SECRET_ACCESS_KEY". Set it in the worker’s environment',
  ],
  [
    'a secret among other variables',
    '    environment: { OMP_NUM_THREADS: "1" }\n',
    '    environment:\n      OMP_NUM_THREADS: "1"\n      DB_PASSWORD: abc\n',
    '31:7: error: spec.trainer.environment.DB_PASSWORD: expected no name of a secret, which may not stand in a model file, found "DB_PASSWORD". Set it in the worker’s environment',
  ],
  [
    'a variable that is none',
    'OMP_NUM_THREADS: "1"',
    'omp-threads: "1"',
    '29:20: error: spec.trainer.environment.omp-threads: expected an environment variable name, found "omp-threads". Rename the key',
  ],
  [
    'labels that are kept for a shorter time than predictions',
    '  triggers:\n',
    '  retention: { predictionDays: 400, labelDays: 90 }\n  triggers:\n',
    '57:48: error: spec.retention.labelDays: expected no fewer days than predictionDays, found 90. Labels received longer ago may be deleted, by `ratchet gc --delete`; no fewer days than predictionDays.',
  ],
  [
    'a feature that is known when the label is',
    'nullable: true, availableAt: observed_at }\n      - { name: dewp',
    'nullable: true, availableAt: late }\n      - { name: dewp',
    '21:66: error: spec.data.features[1].availableAt: expected a column of times, found the label. Name the column that says when the value was known',
  ],
  [
    'a limit on a category',
    'name: origin, type: category }',
    'name: origin, type: category, max: 3 }',
    '23:41: error: spec.data.features[3].max: expected limits on numbers only, found max on a category. Remove it, or make the feature a number',
  ],
  [
    'a signer that is neither a name nor a role',
    '{ name: ada@example.org }',
    '{ nam: ada@example.org }',
    '52:11: error: spec.approval.signers[0].nam: unknown key. Did you mean name?',
  ],
  [
    'a role without members',
    '{ role: release-manager, members: [grace@example.org] }',
    '{ role: release-manager }',
    '53:9: error: spec.approval.signers[1].members: missing: expected a list. People, as they sign.',
  ],
  [
    'a signer that is a text',
    '{ name: ada@example.org }',
    'ada@example.org',
    '52:9: error: spec.approval.signers[0]: expected { name: … } or { role: …, members: … }, found "ada@example.org"',
  ],
  [
    'silence that approves',
    '    timeoutHours: 72',
    '    onTimeout: approve\n    timeoutHours: 72',
    '54:16: error: spec.approval.onTimeout: expected "reject", found "approve". Silence is never a yes.',
  ],
  [
    'too few fields of cron',
    '"0 6 * * 1"',
    '"0 6 * *"',
    '59:17: error: spec.triggers.schedules[0].cron: expected five fields: minute hour day-of-month month day-of-week, found "0 6 * *". Minute, hour, day of month, month, day of week.',
  ],
];

test.for(mistakes)('%s', ([, from, to, ...problems]) => expectProblems(from, to, problems));
