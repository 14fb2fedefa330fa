import { beforeEach, expect, test } from 'vitest';
import { deliveryWorkflowId } from '../../src/activities/tell-people.js';
import type { LedgerBody } from '../../src/domain/ledger.js';
import type { Notice } from '../../src/domain/notice.js';
import { TASK_QUEUE } from '../../src/workflows/messages.js';
import type { MemoryNoticeRoutes } from '../fakes/memory-notice-routes.js';
import { useLoop } from './loop.js';
import { eventually, modelInTest } from './model-in-test.js';

const loop = useLoop('timeSkipping');
const WEEKS = { approval: { signers: [{ name: 'ana' }], timeoutHours: 24 * 90 } };

beforeEach(() => {
  const { noticeRoutes } = loop();
  noticeRoutes.answers.clear();
  noticeRoutes.answers.set('chat', 'told').set('mail', 'told');
  noticeRoutes.fallback = ['chat', 'mail'];
  noticeRoutes.isBroken = false;
});

const lineOf =
  (model: string) =>
  ({ route, notice }: MemoryNoticeRoutes['told'][number]): string =>
    `${route} ${notice.id.slice(model.length + 1).replace(/^\d+\//, '')}`;

/** `<route> <rest of the id>` of everything that arrived for a model, in order. */
function toldOf(model: string): string[] {
  return loop()
    .noticeRoutes.told.filter(({ notice }) => notice.model === model)
    .map(lineOf(model));
}
function withdrawnOf(model: string): string[] {
  return loop()
    .noticeRoutes.withdrawn.filter(({ notice }) => notice.model === model)
    .map(lineOf(model));
}
const told = (model: string, count: number): Promise<string[]> =>
  eventually(
    async () => toldOf(model).sort(),
    (lines) => lines.length >= count,
  );

test('each route is told once, with what waits; reminders come later and later, and end with the decision', async () => {
  const model = modelInTest(loop());
  const { number, handle } = await model.openApproval(WEEKS);
  expect(await told(model.name, 2)).toEqual(['chat approval', 'mail approval']);
  expect(loop().noticeRoutes.told.find(({ notice }) => notice.model === model.name)!.notice).toMatchObject({
    event: 'approval',
    severity: 'action',
    text: expect.stringContaining(`ratchet approve ${model.name} --candidate sha256:`),
  });
  await loop().environment.sleep('25 hours');
  expect(await told(model.name, 4)).toEqual(['chat approval', 'chat approval/reminder-1', 'mail approval', 'mail approval/reminder-1']);
  await loop().environment.sleep('46 hours');
  expect(toldOf(model.name)).toHaveLength(4);
  await loop().environment.sleep('3 hours');
  expect((await told(model.name, 6)).filter((line) => line.endsWith('reminder-2'))).toHaveLength(2);
  await model.vote(number);
  await handle.result();
  await loop().environment.sleep('60 days');
  expect(toldOf(model.name)).toHaveLength(6);
});

test('what was told is withdrawn as soon as it is decided, its reminders and its escalation too', async () => {
  const model = modelInTest(loop());
  const { number, handle } = await model.openApproval({ approval: { ...WEEKS.approval, escalateAfterHours: 30, escalateTo: ['ben'] } });
  await loop().environment.sleep('31 hours');
  await told(model.name, 6);
  expect(withdrawnOf(model.name)).toEqual([]);
  await model.vote(number);
  await handle.result();
  const lines = await eventually(
    async () => withdrawnOf(model.name),
    (found) => found.length >= 6,
  );
  expect(lines.toSorted()).toEqual(
    ['approval', 'approval/reminder-1', 'escalation'].flatMap((id) => [`chat ${id}`, `mail ${id}`]).toSorted(),
  );
});

test('who records a decision and dies before saying so: it is withdrawn when the next reminder is due', async () => {
  const model = modelInTest(loop());
  const { number, handle } = await model.openApproval(WEEKS);
  await told(model.name, 2);
  const { noticeRoutes } = loop();
  const { exist } = noticeRoutes;
  noticeRoutes.exist = () => false; // nobody is told of the decision
  await model.vote(number);
  await handle.result();
  noticeRoutes.exist = exist;
  expect(withdrawnOf(model.name)).toEqual([]);
  await loop().environment.sleep('25 hours');
  await eventually(
    async () => withdrawnOf(model.name).sort(),
    (found) => found.join() === 'chat approval,mail approval',
  );
});

test('a receiver that is down holds up neither the others nor the decision, and is told once it is up', async () => {
  loop().noticeRoutes.answers.set('mail', 'down');
  const model = modelInTest(loop());
  const { number, handle } = await model.openApproval(WEEKS);
  expect(await told(model.name, 1)).toEqual(['chat approval']);
  await model.vote(number);
  expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
  await loop().environment.sleep('5 hours');
  expect(toldOf(model.name)).toEqual(['chat approval']);
  loop().noticeRoutes.answers.set('mail', 'told');
  await loop().environment.sleep('6 minutes');
  expect(await told(model.name, 2)).toEqual(['chat approval', 'mail approval']);
});

test('who dies between telling and writing it down tells again with the same id', async () => {
  loop().noticeRoutes.answers.set('mail', 'dies');
  const model = modelInTest(loop());
  await model.openApproval(WEEKS);
  expect(await told(model.name, 3)).toEqual(['chat approval', 'mail approval', 'mail approval']);
});

test('one that is asked for again, also by a cycle that was started again, is told once', async () => {
  const model = modelInTest(loop());
  const { number, handle } = await model.openApproval(WEEKS);
  await told(model.name, 2);
  await handle.terminate('lost');
  await model.startCycle(number);
  await eventually(
    () => model.cycleState(number),
    ({ approval }) => approval !== null,
  );
  await model.vote(number);
  await model.cycle(number).result();
  expect(toldOf(model.name)).toHaveLength(2);
});

test('a receiver that stays down for three days is given up, and the file of the machine says so', async () => {
  loop().noticeRoutes.answers.set('mail', 'down');
  const model = modelInTest(loop());
  const { number } = await model.openApproval(WEEKS);
  await told(model.name, 1);
  await model.vote(number);
  await loop().environment.sleep('73 hours');
  const id = `${model.name}/${number}/approval`;
  await eventually(
    async () => loop().notifier.notices.find((notice) => notice.id === `${id}/undelivered/mail`),
    (notice) => notice?.text.startsWith('mail is down') === true,
  );
});

test('a mistake in the file holds up the notice until it is mended, and nothing else', async () => {
  loop().noticeRoutes.isBroken = true;
  const model = modelInTest(loop());
  const { number, handle } = await model.openApproval(WEEKS);
  await model.vote(number);
  expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
  expect(toldOf(model.name)).toEqual([]);
  loop().noticeRoutes.isBroken = false;
  await loop().environment.sleep('1 minute');
  expect(await told(model.name, 2)).toEqual(['chat approval', 'mail approval']);
});

test('the model file chooses; a route that nobody wrote down is told on the machine', async () => {
  const model = modelInTest(loop());
  const { number } = await model.openApproval({
    ...WEEKS,
    notices: [
      { to: ['mail', 'pager'], on: ['approval'] },
      { to: ['chat'], on: ['monitor'] },
    ],
  });
  const id = `${model.name}/${number}/approval`;
  await loop()
    .client.workflow.getHandle(deliveryWorkflowId({ id, model: model.name }))
    .describe();
  expect(await told(model.name, 1)).toEqual(['mail approval']);
  await eventually(
    async () => loop().notifier.notices.map((notice) => notice.id),
    (ids) => ids.includes(`${id}/undelivered/pager`),
  );
});

const RESUMING = [
  { what: 'loop', pause: { kind: 'paused' }, resume: { kind: 'resumed' } },
  { what: 'serving', pause: { kind: 'serving-paused', documentDigest: null }, resume: { kind: 'serving-resumed' } },
] as const;

test.for(RESUMING)(
  'of $what that was paused people are reminded, later and later, until it is resumed',
  async ({ what, pause, resume }) => {
    const model = modelInTest(loop());
    await model.apply();
    let records = 0;
    const record = (body: (typeof RESUMING)[number]['pause' | 'resume']): Promise<unknown> =>
      loop().ledger.append({
        model: model.name,
        key: `${++records}/${body.kind}`,
        body: { ...body, requestedBy: 'ratchet', reason: 'seen' } as LedgerBody,
        expects: {},
        at: new Date().toISOString(),
      });
    await record(pause);
    const notice: Notice = {
      id: `${model.name}/paused`,
      model: model.name,
      event: 'monitor',
      severity: 'action',
      title: 'paused',
      text: 'seen',
      to: [],
      untilResumed: { what, since: new Date().toISOString() },
    };
    const options = { workflowId: deliveryWorkflowId(notice), taskQueue: TASK_QUEUE, args: [notice] };
    await loop().client.workflow.start('deliverNotice', options);
    expect(await told(model.name, 2)).toEqual(['chat paused', 'mail paused']);
    await loop().environment.sleep('73 hours');
    expect((await told(model.name, 6)).filter((line) => line.startsWith('chat'))).toEqual([
      'chat paused',
      'chat paused/reminder-1',
      'chat paused/reminder-2',
    ]);
    await record(resume);
    await record(pause); // somebody else's: not what this notice is about
    await loop().environment.sleep('60 days');
    expect(toldOf(model.name)).toHaveLength(6);
    expect(withdrawnOf(model.name)).toHaveLength(6);
  },
);
