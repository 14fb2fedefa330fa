import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readEnding } from '../../src/adapters/local/job-folder.js';
import { isReached } from '../chaos/kill-point.js';
import { MODEL, startQuickStack, type QuickStack } from '../chaos/quick-stack.js';
import { surviveBlow } from '../chaos/survive-kill.js';
import { until } from '../chaos/until.js';

const DAY_MS = 86_400_000;

/** Time limits rest on the monotonic clock, and the ledger's times come from the Temporal server: a wrong clock informs wrongly, no more. */
describe('the clock of the worker and of the job supervisors jumps', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-clock-'));
  const offsetFile = join(folder, 'offset');
  let stack: QuickStack;
  beforeAll(async () => {
    jump(0);
    const preload = new URL('./jumping-clock.mjs', import.meta.url).href;
    stack = await startQuickStack({ extra: { NODE_OPTIONS: `--import=${preload}`, CLOCK_OFFSET_FILE: offsetFile } });
  });
  afterAll(async () => {
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('400 days on while it trains, and behind its start while it evaluates: the cycle ends promoted', async () => {
    let cycle = 0;
    await surviveBlow(stack, 'a clock that jumps', async (number) => {
      cycle = number;
      await until('it trains', () => isReached(stack, 'train claimed', cycle));
      jump(400 * DAY_MS);
      await until('it evaluates', () => isReached(stack, 'evaluate claimed', cycle));
      jump(-2 * DAY_MS);
    });
    const endOf = (stage: string): string => readEnding(join(stack.home.jobsFolder, `${MODEL}-c${cycle}-${stage}-a1`))!.endedAt;
    expect(['validate', 'train', 'evaluate'].map((stage) => daysOff(endOf(stage)))).toEqual([0, 400, -2]); // the supervisors saw it
    const notice = readFileSync(join(stack.home.path, 'notices.jsonl'), 'utf8').trimEnd().split('\n').at(-1)!;
    expect(daysOff((JSON.parse(notice) as { at: string }).at)).toBe(-2); // and the worker
  });

  test('the next cycle starts and ends promoted by the wrong clock, and the ledger verifies', async () => {
    await surviveBlow(stack, 'a clock that stays behind', () => Promise.resolve());
    const { code, output } = await stack.cli(['-o', 'json', 'audit', 'verify', MODEL]);
    expect(JSON.parse(output)).toMatchObject([{ model: MODEL, problems: [] }]);
    expect(code).toBe(0);
  });

  function daysOff(time: string): number {
    return Math.round((Date.parse(time) - Date.now()) / DAY_MS) + 0; // -0 is 0
  }

  /** In one step: a reader never finds the file empty. */
  function jump(offsetMs: number): void {
    writeFileSync(`${offsetFile}.new`, String(offsetMs));
    renameSync(`${offsetFile}.new`, offsetFile);
  }
});
