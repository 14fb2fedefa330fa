import type { Finding, FindingKind } from '../../finding.js';
import type { MonitoredWindow } from '../../monitoring.js';
import type { FindingAnswers } from '../../monitoring-spec.js';
import { answerFinding, type FindingAnswer } from '../answer-finding.js';

/**
 * What a judged window leads to, one answer a finding.
 *
 * Pure. Windows that a person asked for are answered, and do not count among the last ones: whoever looks five times in an
 * hour does not make five windows of it.
 * @param before windows of the schedule that ended earlier, oldest first
 */
export function answerWindow(
  answers: FindingAnswers,
  newest: Pick<MonitoredWindow, 'window' | 'cycle' | 'findings'>,
  before: readonly MonitoredWindow[],
): (FindingAnswer & { readonly kind: FindingKind })[] {
  const earlier = before.filter(({ window, scheduled }) => scheduled && Date.parse(window.end) < Date.parse(newest.window.end));
  return newest.findings.map((finding) => {
    const { kind } = finding;
    const past = earlier.flatMap((judged) => {
      const seen = judged.findings.find((other) => other.kind === kind);
      const answered = judged.answers.some((answer) => answer.kind === kind && answer.action !== null);
      return seen === undefined ? [] : [windowOf(seen, judged, answered)];
    });
    return { kind, ...answerFinding(kind, answers[kind], [...past, windowOf(finding, newest, false)]) };
  });
}

function windowOf({ state, sentence }: Finding, { window, cycle }: Pick<MonitoredWindow, 'window' | 'cycle'>, answered: boolean) {
  return { end: window.end, cycle, state, sentence, answered };
}
