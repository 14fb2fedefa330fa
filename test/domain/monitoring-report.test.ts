import { expect, test } from 'vitest';
import { judgeMonitoring } from '../../src/domain/decide/monitor/judge-monitoring.js';
import { MonitorSettings } from '../../src/domain/monitor-settings.js';
import { monitoringReport } from '../../src/domain/monitoring-report.js';
import { monitorOutput, WINDOW } from '../fakes/monitor-output.js';
import { named } from '../ledger/sample-bodies.js';

test('the report is one page that fetches nothing, escapes what callers sent, and says everything in words', () => {
  const [distance, temp] = monitorOutput().quality;
  const output = monitorOutput({ quality: [distance!, { ...temp!, unseenShare: 0.2, examples: ['<script>'] }] });
  const policy = {
    settings: MonitorSettings.parse({}),
    label: { delayHours: 24, policy: 'independent' as const, coverageMin: 0.5, coverageDropMax: 0.2 },
    champion: { version: '<b>', trainEnd: '2013-06-02T04:00:00.000Z', promise: null },
  };
  const findings = judgeMonitoring(policy, output);
  const digests = { planDigest: named('plan'), documentDigest: named('document') };
  const arm = { arm: 'champion', version: '<b>', requests: 4000, errors: 31 } as const;
  const requests = { from: WINDOW.start, to: WINDOW.end, restarts: 0, arms: [arm] };
  const judged = {
    model: 'flights',
    window: WINDOW,
    version: '<b>',
    cycle: 3,
    ...digests,
    scheduled: true,
    requests,
    findings,
    answers: [],
  };
  const page = monitoringReport(judged, output);
  for (const { sentence } of findings) expect(page).toContain(sentence.replaceAll('<', '&lt;').replaceAll('>', '&gt;'));
  expect(page).not.toMatch(/<script|<b>|https?:|src=|href=/);
  expect(page.match(/<svg role="img"/g)!.length).toBe(page.match(/<title>/g)!.length - 1);
  expect(page).toContain('<td>4000</td><td>31</td><td>0.78%</td>');
  expect(page.length).toBeLessThan(60_000);
});
