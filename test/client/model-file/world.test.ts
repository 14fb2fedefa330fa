import { test } from 'vitest';
import { expectProblems, type Mistake } from './expect-problems.js';

/** Columns, windows, times, people and files: what is replaced in the good file, by what, and all that is said about it. */
const mistakes: Mistake[] = [
  [
    'blocks by an unknown column',
    'resampleBy: day',
    'resampleBy: flights',
    '34:17: error: spec.evaluation.resampleBy: expected day, row or a declared column, found "flights". Did you mean flight? Else declare the column as a feature or a key column',
  ],
  [
    'slices by an unknown column',
    'slices: [{ by: origin }]',
    'slices: [{ by: origin }, { by: carier_code }]',
    '35:36: error: spec.evaluation.slices[1].by: expected a declared column, found "carier_code". Declare the column as a feature or a key column',
  ],
  [
    'a time of knowledge that is misspelt',
    '{ name: dewp, type: number, nullable: true, availableAt: observed_at }',
    '{ name: dewp, type: number, nullable: true, availableAt: observed_at }\n      - { name: humid, type: number, availableAt: observd_at }',
    '23:51: warning: spec.data.features[3].availableAt: "observd_at" is named once, the similar "observed_at" more often. Did you mean observed_at?',
  ],
  [
    'a time of knowledge that is a feature',
    '{ name: temp, type: number, nullable: true, availableAt: observed_at }',
    '{ name: temp, type: number, availableAt: distance }',
    '21:50: error: spec.data.features[1].availableAt: expected a column of times, found the feature "distance". Name the column that says when the value was known',
  ],
  [
    'a time of labels that is a feature',
    'delayHours: 24',
    'delayHours: 24\n      observedAt: distance',
    '19:19: error: spec.data.label.observedAt: expected a column of times, found the feature "distance". A model that knows when its label comes knows the label: name another column',
  ],
  [
    'a feature twice',
    '{ name: dewp,',
    '{ name: temp,',
    '22:17: error: spec.data.features[2].name: expected each feature once, found "temp" as features[1] already. Remove one of them',
  ],
  [
    'the label as a feature',
    '{ name: distance,',
    '{ name: late,',
    '20:17: error: spec.data.features[0].name: expected a column that is known before the label, found the label itself. Remove it: the model would be told the answer',
  ],
  [
    'limits on a category',
    '{ name: origin, type: category }',
    '{ name: origin, type: category, min: 0 }',
    '23:41: error: spec.data.features[3].min: expected limits on numbers only, found min on a category. Remove it, or make the feature a number',
  ],
  [
    'a range that holds no number',
    'min: 1, max: 6000',
    'min: 6000, max: 1',
    '20:46: error: spec.data.features[0].min: expected at most the max of 1, found 6000. No value could satisfy both: exchange them',
  ],
  [
    'a holdout as long as the window',
    '      start: "2013-01-01T00:00:00-05:00"',
    '      days: 28',
    '15:20: error: spec.data.window.holdoutDays: expected less than the window of 28 days, found 28. Nothing would be left to train on: make the window longer or the holdout shorter',
  ],
  [
    'a start too late to train',
    '"2013-01-01T00:00:00-05:00"',
    '"2013-06-10T00:00:00-04:00"',
    '14:14: error: spec.data.window.start: expected a start more than the holdout of 28 days ago, found 2013-06-10T00:00:00-04:00. Nothing would be left to train on: start earlier',
  ],
  [
    'a holdout of few blocks',
    'holdoutDays: 28',
    'holdoutDays: 7',
    '15:20: warning: spec.data.window.holdoutDays: a holdout of 7 days has fewer than 10 blocks: every comparison will be inconclusive. Hold back at least 10 days, better 28',
  ],
  [
    'labels that our own output makes',
    '      delayHours: 24',
    '      delayHours: 24\n      policy: ownDecision',
    '19:15: error: spec.data.label.policy: expected labels that exist whatever the model says, or the reason why these are good enough, found ownDecision without acceptSelectiveLabels. Write acceptSelectiveLabels: with the reason (for instance a randomised share of rows that are always labelled)',
  ],
  [
    'an unknown time zone',
    'timeZone: America/New_York\n',
    'timeZone: America/NewYork\n',
    '11:15: error: spec.data.timeZone: expected an IANA time zone, like America/New_York, found "America/NewYork". Did you mean America/New_York?',
  ],
  [
    'a fixed offset for a time zone',
    'timeZone: America/New_York }',
    'timeZone: "-05:00" }',
    '59:40: error: spec.triggers.schedules[0].timeZone: expected an IANA time zone, like America/New_York, found "-05:00"',
  ],
  [
    'an hour that no day has',
    '"0 6 * * 1"',
    '"0 26 * * 1"',
    '59:17: error: spec.triggers.schedules[0].cron: expected an hour from 0 to 23, *, a-b, a,b or */n, found "26". The five fields are minute, hour, day of month, month, day of week: "0 6 * * 1" is Mondays at six',
  ],
  [
    'a day that no month has',
    '"0 6 * * 1"',
    '"0 6 30 feb *"',
    '59:17: error: spec.triggers.schedules[0].cron: expected a day that the month has, found day 30 of month feb. The five fields are minute, hour, day of month, month, day of week: "0 6 * * 1" is Mondays at six',
  ],
  [
    'a relative address of data',
    'source: { kind: python, entrypoint: "flights:load", files: [flights.py] }',
    'source: { kind: parquet, uri: data/flights.parquet }',
    '9:35: error: spec.data.source.uri: expected file:///absolute/path or s3://bucket/path, found "data/flights.parquet". Write the address out: jobs run in folders of their own',
  ],
  [
    'more votes than people',
    'quorum: 1',
    'quorum: 3',
    '50:13: error: spec.approval.quorum: expected at most 2, the number of different people in signers, found 3. Name more signers, or ask for fewer votes',
  ],
  [
    'a reminder after the end',
    'escalateAfterHours: 24',
    'escalateAfterHours: 72',
    '55:25: error: spec.approval.escalateAfterHours: expected less than timeoutHours (72), found 72. The vote would be over before anybody is reminded',
  ],
  [
    'a reminder to nobody',
    '    escalateTo: [team@example.org]\n',
    '',
    '55:5: warning: spec.approval.escalateAfterHours: nobody is named in escalateTo. Name who is told, or remove escalateAfterHours',
  ],
  [
    'somebody who is never reminded',
    '    escalateAfterHours: 24\n',
    '',
    '55:5: warning: spec.approval.escalateTo: escalateTo is told nothing without escalateAfterHours. Add escalateAfterHours',
  ],
  [
    'more memory than the ceiling',
    'memoryMiB: 2048',
    'memoryMiB: 8192',
    '30:29: error: spec.trainer.resources.memoryMiB: expected at most memoryMiBMax (4096), found 8192. A starved job is tried again with more, up to memoryMiBMax: make that the larger one',
  ],
  [
    'an image by its tag',
    'timeLimitSeconds: 600',
    'timeLimitSeconds: 600\n    cluster: { kind: kubernetes, image: "trainer:latest" }',
    '32:41: warning: spec.trainer.cluster.image: "trainer:latest" may be another image tomorrow, and nothing would say so. Name it by digest: …@sha256:<64 hex digits>',
  ],
  [
    'a volume where the job’s own is',
    'timeLimitSeconds: 600',
    'timeLimitSeconds: 600\n    cluster: { kind: kubernetes, image: "trainer@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", volumes: [{ claim: data, mountPath: /ratchet/job }] }',
    '32:160: error: spec.trainer.cluster.volumes[0].mountPath: expected a path of its own, not below /ratchet, found "/ratchet/job". Mount each volume where nothing else is',
  ],
  [
    'a Job that goes before a worker that was away comes back',
    'timeLimitSeconds: 600',
    'timeLimitSeconds: 600\n    cluster: { kind: kubernetes, image: "trainer@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ttlSeconds: 3600 }',
    '32:136: warning: spec.trainer.cluster.ttlSeconds: a result is known by its Job alone until a worker reads it: one that is away for longer than 3600 s loses the training. Write at least 86400 (a day), or leave it out (a week)',
  ],
  [
    'a variable that is set twice',
    'timeLimitSeconds: 600',
    'timeLimitSeconds: 600\n    cluster: { kind: kubernetes, image: "trainer@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", secrets: [{ variable: OMP_NUM_THREADS, secret: s, key: k }] }',
    '32:146: error: spec.trainer.cluster.secrets[0].variable: expected a variable that trainer.environment does not set, found "OMP_NUM_THREADS". Remove one of the two',
  ],
  [
    'a file that is not there',
    'files: [train.py]',
    'files: [train.py, model.py]',
    '28:23: error: spec.trainer.files[1]: expected a file or folder beside the model file, found no "model.py" there. Paths are relative to the folder of the model file',
  ],
  [
    'an entrypoint that does not travel',
    'entrypoint: "flights:load"',
    'entrypoint: "lib.rows:load"',
    '9:65: error: spec.data.source.files: expected lib/rows.py, which entrypoint names, found flights.py. Add lib/rows.py',
  ],
  [
    'a trainer that does not travel',
    '    files: [train.py]\n',
    '',
    '27:23: error: spec.trainer.command[1]: expected a program of the environment, or a file of trainer.files, found "train.py". Add train.py to trainer.files: only those travel with the job',
  ],
  [
    'a refit that is asked for again before it can be judged',
    '  approval:\n',
    '  refit: afterPass\n  approval:\n',
    '49:10: warning: spec.refit: after a promotion the next cycle can be judged only 28 days (data.window.holdoutDays) later, for the champion has seen all rows; the schedules ask as often as 7 days apart, and the cycles between end inconclusive. Schedule cycles at least 28 days apart, hold back fewer days, or write refit: none',
  ],
];

test.for(mistakes)('%s', ([, from, to, ...problems]) => expectProblems(from, to, problems));
