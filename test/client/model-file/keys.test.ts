import { test } from 'vitest';
import { expectProblems, type Mistake } from './expect-problems.js';

/** The text and its keys: what is replaced in the good file, by what, and all that is said about it. */
const mistakes: Mistake[] = [
  [
    'a list that is never closed',
    '    files: [train.py]\n',
    '    files: [train.py\n',
    '29:5: error: expected YAML, found a list or map that is not closed on its line or indented on the next. Close it with ] or }, or indent what follows',
  ],
  ['a tab for indentation', '  tier: medium', '\ttier: medium', '6:1: error: expected spaces, found a tab. Indent with spaces'],
  [
    'the same key twice',
    '  tier: medium',
    '  tier: medium\n  owner: others',
    '7:3: error: expected each key once, found the same key twice in one map. Remove one of them: which of the two counts would be luck',
  ],
  [
    'a second document',
    'kind: Model\n',
    'kind: Model\n---\nkind: Model\n',
    '4:1: error: expected one YAML document, found a second document. One model is one file: put the second one into a file of its own, and remove the `---`',
  ],
  [
    'an alias without its anchor',
    'tier: medium',
    'tier: *tier',
    '6:9: error: expected the name of an anchor, found *tier, which is defined nowhere. Define it above with `&name`, or put the text in quotes',
  ],
  [
    'an unknown key',
    '  tier: medium',
    '  colour: red',
    '6:3: error: metadata.colour: unknown key. Expected one of name, owner, tier, description',
  ],
  [
    'a misspelt key',
    'resampleBy: day',
    'resampelBy: day',
    '34:5: error: spec.evaluation.resampelBy: unknown key. Did you mean resampleBy?',
  ],
  [
    'a key in the wrong place',
    '  tier: medium',
    '  tier: medium\n  refit: none',
    '7:3: error: metadata.refit: unknown key. It belongs to spec: spec.refit',
  ],
  [
    'a key of another unit',
    'timeLimitSeconds: 600',
    'timeLimitMinutes: 10',
    '31:5: error: spec.trainer.timeLimitMinutes: unknown key. Write timeLimitSeconds: 600',
  ],
  ['a key without its unit', 'delayHours: 24', 'delay: 24h', '18:7: error: spec.data.label.delay: unknown key. Write delayHours: 24'],
  [
    'memory in another unit',
    'memoryMiB: 2048',
    'memoryGiB: 2',
    '30:18: error: spec.trainer.resources.memoryGiB: unknown key. Write memoryMiB: 2048',
  ],
  [
    'a missing key',
    '  owner: flights-team\n',
    '',
    '3:1: error: metadata.owner: missing: expected a text. Who is asked when something is wrong.',
  ],
  [
    'a missing key in a list',
    '{ metric: auc, min: 0.65 }',
    '{ min: 0.65 }',
    '40:9: error: spec.gates.absolute[0].metric: missing: expected one of auc, logLoss, brier, calibrationGap, latencyMsP99, modelMiB, labelCoverage. What is measured; calibrationGap = |mean prediction − rate|.',
  ],
  [
    'a missing section',
    '  approval:\n    quorum: 1\n    signers:\n      - { name: ada@example.org }\n      - { role: release-manager, members: [grace@example.org] }\n    timeoutHours: 72\n    escalateAfterHours: 24\n    escalateTo: [team@example.org]\n',
    '',
    '7:1: error: spec.approval: missing: expected a map. Who signs, and when a person must.',
  ],
];

test.for(mistakes)('%s', ([, from, to, ...problems]) => expectProblems(from, to, problems));
