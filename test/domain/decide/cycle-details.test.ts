import { expect, test } from 'vitest';
import { cycleDetails, type StageLine } from '../../../src/domain/decide/cycle-details.js';

test('the stages of a cycle are a Markdown table, and nothing that a note says breaks it', () => {
  const stages: StageLine[] = [
    { stage: 'snapshot', phase: 'Succeeded', attempt: 1, note: '80,789 rows' },
    { stage: 'train', phase: 'Running', attempt: 2, note: 'epoch 3 | loss\n0.5' },
    { stage: 'evaluate', phase: 'Waiting', attempt: 1, note: '' },
    { stage: 'judge', phase: 'Failed', attempt: 1, note: 'fail' },
  ];
  const details = cycleDetails({ title: 'flights cycle 3', stages, closing: 'waits for ana' });
  expect(details.split('\n')).toEqual([
    '**flights cycle 3**',
    '',
    '| stage | |',
    '|---|---|',
    '| ✔ snapshot | 80,789 rows |',
    '| ▶ train | attempt 2: epoch 3 / loss 0.5 |',
    '| · evaluate |  |',
    '| ✘ judge | fail |',
    '',
    'waits for ana',
  ]);
  expect(cycleDetails({ title: 't', stages: [], closing: '' })).toBe('**t**\n\n| stage | |\n|---|---|');
});
