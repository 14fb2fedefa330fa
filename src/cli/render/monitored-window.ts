import type { ShownWindow } from '../../client/monitor-handle.js';
import { facts, table } from './table.js';

const minute = (time: string): string => new Date(time).toISOString().slice(0, 16).replace('T', ' ');

/** What was found in a window, a sentence each, and what was done about it. */
export function windowLines(window: ShownWindow, report: string): string[] {
  const { model, version, findings, answers, scheduled } = window;
  const done = answers.filter(({ action }) => action !== null);
  return [
    ...facts([
      ['model', model],
      ['champion', version],
      ['window', `${minute(window.window.start)} to ${minute(window.window.end)} UTC${scheduled ? '' : ', asked for by a person'}`],
      ['report', report],
    ]),
    '',
    ...table(
      ['FINDING', 'STATE', 'IN WORDS'],
      findings.map(({ kind, state, sentence }) => [kind, state, sentence]),
    ),
    ...(done.length > 0 ? ['', ...done.map(({ action, reason }) => `${action}: ${reason}`)] : []),
  ];
}
