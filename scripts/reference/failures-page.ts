import { FAILURE_CLASS, isRetryable, type FailureClass, type FailureType } from '../../src/domain/failure.js';
import { CLASS_MEANINGS, FAILURE_MEANINGS } from './failure-meanings.js';
import { GENERATED, tableRow } from './markdown.js';

/** docs/reference/failures.md */
export function failuresPage(): string {
  const classes = Object.keys(CLASS_MEANINGS) as FailureClass[];
  const types = Object.keys(FAILURE_CLASS) as FailureType[];
  const sections = classes.flatMap((failureClass) => [
    `## ${failureClass}`,
    '',
    CLASS_MEANINGS[failureClass],
    '',
    tableRow(['failure', 'what happened', 'what to do']),
    tableRow(['---', '---', '---']),
    ...types.filter((type) => FAILURE_CLASS[type] === failureClass).map((type) => tableRow([`\`${type}\``, ...FAILURE_MEANINGS[type]])),
    '',
  ]);
  const retried = classes.filter(isRetryable).join(', ');
  return [
    GENERATED,
    '# Failures',
    '',
    'Every failure has a name and a class, and the class decides what the loop does. The message says what was expected, what was',
    `found and where; the remedy says what a person can do. Only ${retried} failures are tried again as they are.`,
    '',
    ...sections,
  ].join('\n');
}
