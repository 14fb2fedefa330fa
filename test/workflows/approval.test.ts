import { describe, expect, test } from 'vitest';
import type { Vote } from '../../src/domain/approval.js';
import { abortUpdate, voteSignal, voteUpdate } from '../../src/workflows/messages.js';
import { useLoop } from './loop.js';
import { eventually, modelInTest } from './model-in-test.js';

const loop = useLoop('timeSkipping');
const DAY_HOURS = 24;
const otherDigest = `sha256:${'0'.repeat(64)}` as const;

type Ballot = readonly [signer: string, decision: Vote['decision']];

describe('with a quorum of two', () => {
  test.for<[name: string, ballots: readonly Ballot[], outcome: string, reason: string]>([
    [
      'two named people approve',
      [
        ['ana', 'approve'],
        ['ben', 'approve'],
      ],
      'promoted',
      'signed after',
    ],
    [
      'the other order is the same',
      [
        ['ben', 'approve'],
        ['ana', 'approve'],
      ],
      'promoted',
      'signed after',
    ],
    [
      'a role and a name approve',
      [
        ['cleo', 'approve'],
        ['ana', 'approve'],
      ],
      'promoted',
      'signed after',
    ],
    [
      'two of one role approve',
      [
        ['dan', 'approve'],
        ['cleo', 'approve'],
      ],
      'promoted',
      'signed after',
    ],
    ['one rejection is enough', [['cleo', 'reject']], 'rejected', 'rejected by cleo'],
    [
      'a rejection after an approval ends it',
      [
        ['ana', 'approve'],
        ['ben', 'reject'],
      ],
      'rejected',
      'rejected by ben',
    ],
    ['one approval is not enough', [['ana', 'approve']], 'rejected', '1 of 2 approvals (ana) within 168 hours'],
    ['silence is a rejection', [], 'rejected', 'nobody signed within 168 hours'],
  ])('%s', async ([, ballots, outcome, reason]) => {
    const model = modelInTest(loop());
    const { number, handle } = await model.openApproval({
      approval: { signers: [{ name: 'ana' }, { name: 'ben' }, { role: 'risk', members: ['cleo', 'dan'] }], quorum: 2 },
    });
    for (const [signer, decision] of ballots) await model.vote(number, { signer, decision });
    expect(await handle.result()).toMatchObject({ outcome, reason: expect.stringContaining(reason) });
    expect((await model.kinds()).slice(-3)).toEqual(
      outcome === 'promoted' ? ['approved', 'promoted', 'cycle-ended'] : ['judged', 'approved', 'cycle-ended'],
    );
  });
});

test('a vote that cannot count is refused to the face, and the vote goes on', async () => {
  const model = modelInTest(loop());
  const held = loop().holds.hold(model.name, 'registerCandidate');
  const number = await model.open({ approval: { signers: [{ name: 'ana' }, { name: 'ben' }], quorum: 2 } });
  const handle = await model.startCycle(number);
  await held.reached;
  const early = { candidateDigest: otherDigest, signer: 'ana', decision: 'approve', comment: '' } as const;
  await expect(handle.executeUpdate(voteUpdate, { args: [early] })).rejects.toMatchObject({
    cause: { message: 'this cycle is not waiting for an approval' },
  });
  held.release();
  await eventually(
    () => model.cycleState(number),
    ({ approval }) => approval !== null,
  );

  const refusals: readonly [Partial<Vote>, string][] = [
    [{ candidateDigest: otherDigest }, 'another candidate is up for approval'],
    [{ signer: 'mallory' }, 'mallory may not sign'],
    [{ decision: 'maybe' as 'approve' }, 'expected approve or reject, found maybe'],
    [{ signer: '' }, 'field signer'],
  ];
  for (const [change, reason] of refusals) {
    await expect(model.vote(number, change)).rejects.toMatchObject({
      cause: { type: 'RequestRefused', message: expect.stringContaining(reason) },
    });
  }
  await expect(handle.executeUpdate(voteUpdate, { args: [undefined as unknown as Vote] })).rejects.toMatchObject({
    cause: { message: expect.stringContaining('expected an object') },
  });
  expect(await model.vote(number)).toMatchObject({ outcome: null, approvals: 1, quorum: 2 });
  await expect(model.vote(number)).rejects.toMatchObject({ cause: { message: expect.stringContaining('ana has already voted') } });

  const recording = loop().holds.hold(model.name, 'appendRecord');
  expect(await model.vote(number, { signer: 'ben' })).toMatchObject({ outcome: 'approved' });
  await recording.reached;
  await expect(model.vote(number, { signer: 'ben' })).rejects.toMatchObject({
    cause: { message: expect.stringContaining('the vote is over: approved') },
  });
  recording.release();
  expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
  await expect(model.vote(number, { signer: 'ben' })).rejects.toThrow();
});

test('a vote typed by hand without a comment is recorded with an empty one', async () => {
  const model = modelInTest(loop());
  const { handle, candidateDigest } = await model.openApproval();
  const typed = { candidateDigest, signer: 'ana', decision: 'approve', assurance: 'proven' } as unknown as Vote;
  expect(await handle.executeUpdate(voteUpdate, { args: [typed] })).toMatchObject({ outcome: 'approved' });
  expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
  expect((await model.records()).find(({ body }) => body.kind === 'approved')?.body).toMatchObject({
    votes: [{ signer: 'ana', comment: '', assurance: 'claimed' }],
  });
});

test('a cycle that is being aborted counts no more votes', async () => {
  const model = modelInTest(loop());
  const { number, handle } = await model.openApproval();
  const ending = loop().holds.hold(model.name, 'stopJobsOfCycle');
  await handle.executeUpdate(abortUpdate, { args: [{ requestedBy: 'ben', reason: 'wrong data' }] });
  await ending.reached;
  await expect(model.vote(number)).rejects.toMatchObject({ cause: { message: 'this cycle is not waiting for an approval' } });
  ending.release();
  expect(await handle.result()).toMatchObject({ outcome: 'aborted' });
});

test.for(['rejected', 'aborted'] as const)('a vote by signal while a cycle ends as %s stands in its state, refused', async (outcome) => {
  const model = modelInTest(loop());
  const { number, handle, candidateDigest } = await model.openApproval();
  const ending = loop().holds.hold(model.name, 'stopJobsOfCycle');
  if (outcome === 'rejected') await model.vote(number, { decision: 'reject' });
  else await handle.executeUpdate(abortUpdate, { args: [{ requestedBy: 'ben', reason: 'wrong data' }] });
  await ending.reached;
  const late: Vote = { candidateDigest, signer: 'ana', decision: 'approve', comment: '' };
  await handle.signal(voteSignal, late);
  await handle.signal(voteSignal, 'approve' as unknown as Vote);
  ending.release();
  const { approval, ...state } = await handle.result();
  expect(state).toMatchObject({ outcome });
  expect(approval!.refused).toMatchObject([
    { signer: 'ana', candidateDigest, reason: 'this cycle is not waiting for an approval' },
    { signer: '', candidateDigest: '', reason: expect.stringContaining('found string') },
  ]);
  expect(approval!.votes).toHaveLength(outcome === 'rejected' ? 1 : 0);
});

test('a vote by signal that cannot count stands in the record with its reason, whatever was typed', async () => {
  const model = modelInTest(loop());
  const { number, handle, candidateDigest } = await model.openApproval();
  const good: Vote = { candidateDigest, signer: 'ben', decision: 'approve', comment: 'fine' };
  const unreadable = [
    ['json/plain', '{not json', 'a payload that cannot be read'],
    ['json/protobuf', '{}', 'a payload that cannot be read'],
  ] as const;
  const typed: readonly [unknown, string][] = [
    [undefined, 'found undefined'],
    [null, 'found null'],
    ['approve', 'found string'],
    [42, 'found number'],
    [[], 'field candidateDigest'],
    [{ ...good, decision: 'yes' }, 'found yes'],
    [{ ...good, decision: { toString: 1 } }, 'found object'],
    [{ ...good, signer: 7 }, 'field signer'],
    [{ ...good, signer: 'x'.repeat(100_000) }, 'field signer'],
    [{ ...good, comment: 'x'.repeat(2001) }, 'field comment'],
    [{ ...good, candidateDigest: otherDigest }, 'another candidate is up'],
    [{ ...good, signer: 'mallory' }, 'mallory may not sign'],
  ];
  for (const [payload] of typed) await handle.signal(voteSignal, payload as Vote);
  for (const [encoding, bytes] of unreadable) await signalBytes(handle.workflowId, encoding, bytes);
  const { approval } = await eventually(
    () => model.cycleState(number),
    (state) => state.approval!.refused.length === typed.length + unreadable.length,
  );
  expect(approval!.refused.map(({ reason }) => reason)).toEqual(
    [...typed, ...unreadable].map((payload) => expect.stringContaining(payload.at(-1) as string)),
  );
  await handle.signal(voteSignal, good);
  expect(await handle.result()).toMatchObject({
    outcome: 'promoted',
    approval: { votes: [{ signer: 'ben', comment: 'fine', assurance: 'claimed' }] },
  });
  expect((await model.records()).find(({ body }) => body.kind === 'approved')?.body).toMatchObject({
    outcome: 'approved',
    candidateDigest,
  });
});

test('a candidate waits for months, the escalation is told once, and a late vote still counts', async () => {
  const model = modelInTest(loop());
  const { number, handle } = await model.openApproval({
    approval: { signers: [{ name: 'ana' }], timeoutHours: 90 * DAY_HOURS, escalateAfterHours: 30 * DAY_HOURS, escalateTo: ['boss'] },
  });
  await loop().environment.sleep('29 days');
  expect(noticesOf(model.name)).toEqual([[`${model.name}/${number}/approval`, ['ana']]]);
  await loop().environment.sleep('60 days');
  expect(noticesOf(model.name).slice(1)).toEqual([[`${model.name}/${number}/escalation`, ['boss']]]);
  expect(await model.vote(number)).toMatchObject({ outcome: 'approved' });
  expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
});

test('when the time is over nobody has to say no', async () => {
  const model = modelInTest(loop());
  const { handle } = await model.openApproval({
    approval: { signers: [{ name: 'ana' }], timeoutHours: 90 * DAY_HOURS, escalateAfterHours: 24, escalateTo: ['boss'] },
  });
  expect(await handle.result()).toMatchObject({ outcome: 'rejected', approval: { outcome: 'timedOut' } });
  expect(noticesOf(model.name)).toHaveLength(2);
  expect(await model.kinds()).not.toContain('promoted');
});

test('an escalation that would come after the end does not put the end off', async () => {
  const model = modelInTest(loop());
  const { number, handle } = await model.openApproval({
    approval: { signers: [{ name: 'ana' }], timeoutHours: 24, escalateAfterHours: 48, escalateTo: ['boss'] },
  });
  await loop().environment.sleep('25 hours');
  await eventually(
    () => model.cycleState(number),
    ({ outcome }) => outcome === 'rejected',
  );
  expect(await handle.result()).toMatchObject({ approval: { outcome: 'timedOut' } });
  expect(noticesOf(model.name)).toHaveLength(1);
});

test('a notifier that is down keeps no vote waiting', async () => {
  const model = modelInTest(loop());
  loop().notifier.unreachable.add(model.name);
  const { number, handle } = await model.openApproval();
  await model.vote(number);
  expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
});

/** Signals with bytes of any encoding, as the Temporal UI can. */
async function signalBytes(workflowId: string, encoding: string, bytes: string): Promise<void> {
  await loop().client.workflowService.signalWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId },
    signalName: 'voteSignal',
    input: { payloads: [{ metadata: { encoding: Buffer.from(encoding) }, data: Buffer.from(bytes) }] },
  });
}

function noticesOf(model: string): [string, readonly string[]][] {
  return loop()
    .notifier.notices.filter((notice) => notice.model === model)
    .map(({ id, to }) => [id, to]);
}
