import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { RatchetError } from '../../src/domain/failure.js';
import type { CliRun } from '../cli/terminal-in-test.js';
import { ratchet } from '../cli/terminal-in-test.js';
import { SERVED } from '../fakes/model-file.js';
import { temporaryFolder } from '../temporary-folder.js';
import { useLoop } from './loop.js';
import { eventually } from './model-in-test.js';
import { challengerOf } from './traffic-in-test.js';

const loop = useLoop('dev');
/** Never passes by itself: labels are not there. */
const undecided = { rollout: { ...SERVED.rollout, metrics: [{ kind: 'quality', margin: 0.1 }] } };

/** Runs `ratchet` against the loop's server, with a copy of its store as it is now. */
async function run(...args: string[]): Promise<CliRun> {
  const folder = temporaryFolder();
  for (const [key, bytes] of loop().store.files) {
    mkdirSync(dirname(join(folder, key)), { recursive: true });
    writeFileSync(join(folder, key), bytes);
  }
  const environment = { TEMPORAL_ADDRESS: loop().environment.address, RATCHET_STORE_URI: pathToFileURL(folder).href };
  return ratchet([...args, '--home', join(folder, 'home')], { environment });
}

test('a person looks at a rollout, moves it on, and turns it back', async () => {
  const { model, number, untilStep, champion, challenger } = await challengerOf(loop(), undecided);
  const { name } = model;
  await untilStep(0);

  const status = await run('rollout', 'status', name);
  expect(status).toMatchObject({ code: 0, err: '' });
  expect(status.out).toMatch(new RegExp(`^${name} cycle ${number}, rollout: Progressing\\n`));
  expect(status.out).toMatch(new RegExp(`split +${champion}\\+\\S+ 100%; copies go to ${challenger}\\+`));
  expect(status.out).toMatch(/1 +shadow +copies +1s +1m +current\n +2 +canary +25% +1s +1m +waiting\n/);

  const skipped = await run('rollout', 'skip', name, '--as', 'ana', '--reason', 'seen enough');
  expect(skipped.out).toBe(`${name}: skip is taken up; the rollout of cycle ${number} is Progressing: seen enough`);
  await untilStep(1);

  const refused = await run('rollout', 'resume', name, '--as', 'ana');
  expect(refused).toMatchObject({ code: 1, out: '', err: expect.stringContaining('it is not paused') });

  const whole = await run('status', name);
  expect(whole.out).toMatch(new RegExp(`traffic +.*${challenger}\\+\\S+ 25%.*; rollout of cycle ${number}: Progressing, step 2 of 3`));
  expect((await run('get', name)).out).toMatch(new RegExp(`may have traffic too +${challenger}\\+\\S+, at most 25% of the requests`));

  const watching = run('rollout', 'status', name, '-w');
  const back = await run('rollback', name, '--as', 'ben', '--reason', 'complaints', '-o', 'json');
  expect(JSON.parse(back.out)).toMatchObject({
    by: 'rollout',
    from: expect.stringContaining(challenger),
    to: expect.stringContaining(champion),
  });
  const watched = await watching;
  expect(watched.code).toBe(2);
  expect(watched.out).toContain(`rollout: TurnedBack`);
  expect(watched.out).toContain('complaints (ben, ');

  await eventually(model.kinds, (kinds) => kinds.at(-1) === 'cycle-ended');
  const over = await run('rollout', 'status', name);
  expect(over.out).toMatch(/nothing is rolled out and no champion bakes; the champion is /);
  expect(await run('rollout', 'abort', name, '--as', 'ana')).toMatchObject({ code: 1, err: expect.stringContaining('ratchet rollback') });
  expect((await run('history', name, '--records')).out).toMatch(/turned back by ben: complaints \(traffic was back at /);
  expect(await run('rollback', name, '--as', 'ana')).toMatchObject({ code: 1, err: expect.stringContaining('there is no version before') });
});

test('a rollout of a model that is not here is refused', async () => {
  expect(await run('rollout', 'status', 'nobody')).toMatchObject({
    code: 1,
    err: expect.stringContaining('there is no model nobody here'),
  });
  expect(await run('rollback', 'nobody', '--as', 'ana')).toMatchObject({
    code: 1,
    err: expect.stringContaining('there is no model nobody'),
  });
});

test('traffic that cannot be given back is told at once, and given back as soon as it can be', async () => {
  const { model, cycle, command, untilStep, untilPhase, split } = await challengerOf(loop(), undecided);
  await untilStep(0);
  loop().traffic.failures.set('shift', new RatchetError('StoreFull', 'the disk is full', { remedy: 'free space' }));
  await command('abort');
  await untilPhase('TurningBack');
  const told = await eventually(
    async () => loop().notifier.notices.find(({ id }) => id.startsWith(`${model.name}/traffic/`)),
    (notice) => notice !== undefined,
  );
  expect(told).toMatchObject({ severity: 'action', text: expect.stringContaining('the disk is full: free space') });
  loop().traffic.failures.delete('shift');
  expect(await cycle.result()).toMatchObject({ outcome: 'rejected' });
  expect(split()).toBe('old 100');
});
