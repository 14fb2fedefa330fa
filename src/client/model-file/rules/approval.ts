import { possibleSigners } from '../../../domain/decide/count-approvals.js';
import type { Finding, Path } from '../problem.js';
import type { Rule } from './rule.js';

export const checkApproval: Rule = ({ approval }) => {
  if (approval === null) return [];
  const at = (key: string): Path => ['spec', 'approval', key];
  const findings: Finding[] = [];
  const people = possibleSigners(approval);
  if (approval.quorum > people) {
    findings.push({
      path: at('quorum'),
      severity: 'error',
      expected: `at most ${people}, the number of different people in signers`,
      found: String(approval.quorum),
      remedy: 'name more signers, or ask for fewer votes',
    });
  }
  const { escalateAfterHours, timeoutHours, escalateTo } = approval;
  if (escalateAfterHours !== undefined && escalateAfterHours >= timeoutHours) {
    findings.push({
      path: at('escalateAfterHours'),
      severity: 'error',
      expected: `less than timeoutHours (${timeoutHours})`,
      found: String(escalateAfterHours),
      remedy: 'the vote would be over before anybody is reminded',
    });
  }
  if (escalateAfterHours !== undefined && escalateTo.length === 0) {
    findings.push({
      path: at('escalateAfterHours'),
      atKey: true,
      severity: 'warning',
      message: 'nobody is named in escalateTo',
      remedy: 'name who is told, or remove escalateAfterHours',
    });
  }
  if (escalateAfterHours === undefined && escalateTo.length > 0) {
    findings.push({
      path: at('escalateTo'),
      atKey: true,
      severity: 'warning',
      message: 'escalateTo is told nothing without escalateAfterHours',
      remedy: 'add escalateAfterHours',
    });
  }
  return findings;
};
