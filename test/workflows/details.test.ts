import { expect, test } from 'vitest';
import { useLoop } from './loop.js';
import { eventually, modelInTest } from './model-in-test.js';

const loop = useLoop('dev');

/** What the Temporal UI shows of a workflow. */
interface Shown {
  readonly currentDetails?: string;
}

test('the Temporal UI shows the stages of a cycle that waits for people', async () => {
  const model = modelInTest(loop());
  const { number, handle } = await model.openApproval({ approval: { signers: [{ name: 'ana' }] } });
  const details = async (of: { query: typeof handle.query }): Promise<string> =>
    (await of.query<Shown, []>('__temporal_workflow_metadata')).currentDetails ?? '';
  const cycle = await eventually(
    () => details(handle),
    (words) => words.includes('▶ approve'),
  );
  expect(cycle).toContain(`ratchet approve ${model.name} --as <name>`);
  for (const stage of ['snapshot', 'validate', 'train', 'evaluate', 'judge', 'register']) expect(cycle).toContain(`✔ ${stage} |`);
  await model.vote(number);
  expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
  expect(await details(handle)).toContain('✔ promote');
});
