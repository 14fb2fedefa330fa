import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { records } from '../chaos/kill-point.js';
import { MODEL } from '../chaos/quick-stack.js';
import { startServedStack, type Edits, type ServedStack } from './served-stack.js';
import type { SteadyCallers } from './steady-callers.js';

/** Half a second each. */
const shortDays = fileURLToPath(new URL('short-days', import.meta.url));
const LABEL_DELAY_MS = 1500;
/** Labels alone: on a full machine copies are answered late, and that is not what is tried. */
const JUDGED_BY_LABELS: Edits = [
  ['alpha: 0.05', 'alpha: 0.2'],
  ['windowSeconds: 0.5', 'windowSeconds: 0.2'],
  [
    '{ kind: errors, margin: 0.2, detect: 16 }\n      - { kind: latency, margin: 1, detect: 16 }\n      - { kind: mean, margin: 0.1, detect: 0.4 }',
    '{ kind: quality, margin: 0.02, detect: 0.15 }',
  ],
];

describe('a challenger in shadow, whose labels come late', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-labels-'));
  let stack: ServedStack;
  let callers: SteadyCallers;
  let labels: ReturnType<typeof startLabels>;
  let asked = 0;
  beforeAll(async () => {
    stack = await startServedStack(JUDGED_BY_LABELS, { RATCHET_LABEL_PAUSE_SECONDS: '1' }, [shortDays]);
    callers = stack.callers(6, { pauseMs: 40, nextId: () => `request-${asked++}` });
    labels = startLabels();
  });
  afterAll(async () => {
    await labels?.stop();
    await callers?.stop();
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('one that predicts worse is turned back by its labels before it gets any traffic', async () => {
    const cycle = await stack.challenge({ shift: 0.3 });
    const { reason, requestedBy } = await stack.body(cycle, 'withdrawn');
    expect(requestedBy).toBe('ratchet');
    expect(reason).toMatch(/quality: logLoss differs by 0\.\d+ over \d+ days, more than 0\.02/);
    expect(await stack.outcomeOf(cycle)).toBe('rejected');
    expect([...callers.answered.keys()].filter((version) => version.startsWith(`${MODEL}-${cycle}+`))).toEqual([]);
    expect((await stack.cli(['replay', MODEL, String(cycle)])).code).toBe(0);
  });

  test('a harmless one goes on, and is promoted', async () => {
    const cycle = await stack.challenge({});
    expect(await stack.outcomeOf(cycle)).toBe('promoted');
    const exposed = records(stack.home.storeFolder, cycle).flatMap(({ body }) => (body.kind === 'exposed' ? [body] : []));
    expect(exposed.length).toBeGreaterThan(0);
    expect((await stack.cli(['replay', MODEL, String(cycle)])).code).toBe(0);
    expect(callers.failures).toEqual([]);
  });

  /** Adds what became true of all requests, as a job of a user does: some time after they were asked, file by file. */
  function startLabels(): { stop(): Promise<void> } {
    let stopping = false;
    async function addAll(): Promise<void> {
      for (let [from, file] = [0, 0]; !stopping; file++) {
        const until = asked;
        await sleep(LABEL_DELAY_MS);
        if (until === from) continue;
        const path = join(folder, `${file}.csv`);
        const rows = Array.from({ length: until - from }, (_, at) => `request-${from + at},${isLate(from + at) ? 1 : 0}\n`);
        writeFileSync(path, `id,value\n${rows.join('')}`);
        const { code, output } = await stack.cli(['labels', 'add', MODEL, '-f', path]);
        if (code !== 0) throw new Error(`ratchet labels add ended with ${code}:\n${output}`);
        from = until;
      }
    }
    const adding = addAll();
    return { stop: () => ((stopping = true), adding) };
  }
});

/** As often as the model says of this distance: sigmoid(700 / 1000 − 1) is 0.43. */
function isLate(number: number): boolean {
  return (number * 37) % 100 < 43;
}
