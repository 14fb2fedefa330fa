import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createLocalObjectStore } from '../../src/adapters/local/object-store.js';
import { judgeMonitoring } from '../../src/domain/decide/monitor/judge-monitoring.js';
import { documentBytes } from '../../src/domain/document.js';
import { MonitorSettings } from '../../src/domain/monitor-settings.js';
import { monitoredKey, type MonitoredWindow } from '../../src/domain/monitoring.js';
import { monitorOutput } from '../fakes/monitor-output.js';
import { createChampionStory } from '../ledger/champion-story.js';
import { named } from '../ledger/sample-bodies.js';
import { temporaryFolder } from '../temporary-folder.js';
import { ratchet } from './terminal-in-test.js';

/** A home whose model flights was looked at twice: the newest window found that it is slow. */
async function lookedAt(): Promise<string> {
  const path = temporaryFolder();
  mkdirSync(join(path, 'store'));
  const store = createLocalObjectStore(join(path, 'store'));
  await createChampionStory({ store }).append('a', {
    kind: 'spec-applied',
    specDigest: named('spec'),
    codeDigest: named('code'),
    requestedBy: 'ana',
  });
  for (const [day, latencyMsP99Max] of [
    [1, 100],
    [2, 5],
  ] as const) {
    const end = new Date(Date.now() - (3 - day) * 86_400_000).toISOString();
    const window = { start: new Date(Date.parse(end) - 86_400_000).toISOString(), end };
    const policy = {
      settings: MonitorSettings.parse({ thresholds: { latencyMsP99Max } }),
      label: { delayHours: 24, policy: 'independent' as const, coverageMin: 0.5, coverageDropMax: 0.2 },
      champion: { version: 'flights-3', trainEnd: '2013-06-02T04:00:00.000Z', promise: null },
    };
    const judged: MonitoredWindow = {
      model: 'flights',
      window,
      version: 'flights-3',
      cycle: 3,
      planDigest: named('plan'),
      documentDigest: named(`document ${day}`),
      scheduled: true,
      findings: judgeMonitoring(policy, monitorOutput()),
      answers: [{ kind: 'serviceLevel', action: 'alert', key: 'k', trigger: null, reason: 'it is slow', found: 1 }],
    };
    await store.createIfAbsent(monitoredKey('flights', window, 3, 'json'), documentBytes(judged));
  }
  return path;
}

test('status shows the newest window, a sentence a finding, what was done, and the report', async () => {
  const path = await lookedAt();
  const { code, out } = await ratchet(['monitor', 'status', 'flights', '--home', path]);
  expect(code).toBe(0);
  expect(out).toMatch(/serviceLevel +found +99 of 100 answers took at most 9\.0 ms/);
  expect(out).toContain('alert: it is slow');
  expect(out).toMatch(/report +\/.*monitoring\/flights\/\d{8}T\d{6}Z-24h-c3\.html/);
});

test('status as JSON has the findings and the path of the report', async () => {
  const path = await lookedAt();
  const { out } = await ratchet(['monitor', 'status', 'flights', '-o', 'json', '--home', path]);
  expect(JSON.parse(out)).toMatchObject({
    model: 'flights',
    documentDigest: named('document 2'),
    report: expect.stringMatching(/\.html$/) as string,
  });
});

test('a model that was never looked at, or that is not here, is said so', async () => {
  const path = temporaryFolder();
  mkdirSync(join(path, 'store'));
  expect(await ratchet(['monitor', 'status', 'flights', '--home', path])).toMatchObject({
    code: 1,
    err: expect.stringContaining('there is no model flights here') as string,
  });
  await createChampionStory({ store: createLocalObjectStore(join(path, 'store')) }).append('a', {
    kind: 'spec-applied',
    specDigest: named('spec'),
    codeDigest: named('code'),
    requestedBy: 'ana',
  });
  expect(await ratchet(['monitor', 'status', 'flights', '--home', path])).toMatchObject({
    code: 1,
    err: expect.stringContaining('`ratchet monitor flights --wait`') as string,
  });
});
