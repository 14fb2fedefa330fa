import { activityInfo } from '@temporalio/activity';
import { chooseRoutes } from '../domain/decide/choose-routes.js';
import { RatchetError } from '../domain/failure.js';
import { ModelSpec } from '../domain/model-spec.js';
import type { Notice, NoticesSpec } from '../domain/notice.js';
import type { NoticeRoutes } from '../ports/notifier.js';
import type { ObjectStore } from '../ports/object-store.js';
import { loadCycle } from './cycle-context.js';
import { getDocument } from './documents.js';
import type { Ledger } from './ledger.js';
import { lastRecent } from './recent-record.js';
import { createTellPeople, type TellPorts } from './tell-people.js';

export interface NoticeActivityPorts extends TellPorts {
  readonly store: ObjectStore;
  readonly ledger: Ledger;
  /** Of the Temporal server's pages, for links; absent: there are none. */
  readonly temporalUiUrl?: string | null;
}

/** How one notice is delivered. */
export interface DeliveryPlan {
  readonly routes: readonly string[];
  readonly remindAfterHours: number;
  readonly link: string | null;
}

export function createNoticeActivities(ports: NoticeActivityPorts) {
  const { store, ledger, notifier, temporalUiUrl = null } = ports;
  return { notifyPeople: createTellPeople(ports), planDelivery, sendNotice, withdrawNotices, isUndecided, tellUndelivered };

  /** Which routes: as the model file says. One that it names and that nobody wrote down is told on this machine. */
  async function planDelivery(notice: Notice): Promise<DeliveryPlan> {
    const routing = openRoutes().read();
    const { routes, unknown } = chooseRoutes(await specOf(notice), notice.event, routing);
    for (const name of unknown) await tellUndelivered({ notice, route: name, reason: 'there is no such route in notices.yaml' });
    return { routes, remindAfterHours: routing.remindAfterHours, link: linkTo(notice) };
  }

  /** @throws {RatchetError} NotifierUnavailable */
  async function sendNotice({ notice, route }: { notice: Notice; route: string }): Promise<void> {
    await openRoutes().notifier(route).notify(notice);
  }

  /** Where the receiver keeps them open. @throws {RatchetError} NotifierUnavailable */
  async function withdrawNotices({ notices, route }: { notices: readonly Notice[]; route: string }): Promise<void> {
    const to = openRoutes().notifier(route);
    for (const notice of notices) await to.withdraw?.(notice);
  }

  /** Whether a person must still decide, by the ledger. */
  async function isUndecided({ model, waitsFor, untilResumed }: Pick<Notice, 'model' | 'waitsFor' | 'untilResumed'>): Promise<boolean> {
    if (untilResumed !== undefined) return isStillPaused(model, untilResumed);
    if (waitsFor === undefined) return false;
    const { cycle, candidateDigest } = waitsFor;
    return !(await ledger.readRecords(model, { from: cycle })).some(
      ({ body }) =>
        (body.kind === 'approved' && body.candidateDigest === candidateDigest) || (body.kind === 'cycle-ended' && body.cycle === cycle),
    );
  }

  /** By what was paused then: another pause since is another person's, or another notice's. */
  async function isStillPaused(model: string, { what, since }: NonNullable<Notice['untilResumed']>): Promise<boolean> {
    const state = (await ledger.readState(model))?.state;
    if (what === 'loop' ? state?.paused !== true : state?.servingPaused === undefined) return false;
    const kind = what === 'loop' ? 'resumed' : 'serving-resumed';
    const resumed = await lastRecent(ledger, model, ({ body }) => body.kind === kind);
    return resumed === null || Date.parse(resumed.at) < Date.parse(since);
  }

  /** Where a route was given up, the others of this machine know. */
  async function tellUndelivered({ notice, route, reason }: { notice: Notice; route: string; reason: string }): Promise<void> {
    await notifier.notify({
      ...notice,
      id: `${notice.id}/undelivered/${route}`,
      severity: 'action',
      title: `not told through ${route}: ${notice.title}`,
      text: `${reason}\n${notice.text}`,
    });
  }

  /** A cycle keeps the spec that it started with; everything else goes by the one in force. */
  async function specOf({ model, waitsFor }: Notice): Promise<NoticesSpec | undefined> {
    try {
      if (waitsFor !== undefined) return (await loadCycle({ ledger, store }, model, waitsFor.cycle)).spec.spec.notices;
      const specDigest = (await ledger.readState(model))?.state.specDigest;
      return specDigest == null ? undefined : (await getDocument(store, ModelSpec, 'spec', specDigest)).spec.notices;
    } catch (error) {
      if (error instanceof RatchetError && error.class !== 'transient') return undefined; // a broken ledger is all the more to be told
      throw error;
    }
  }

  function linkTo({ model, waitsFor }: Notice): string | null {
    if (temporalUiUrl === null) return null;
    const workflowId = `ratchet/${model}${waitsFor === undefined ? '' : `/cycle/${waitsFor.cycle}`}`;
    return `${temporalUiUrl}/namespaces/${encodeURIComponent(activityInfo().workflowNamespace!)}/workflows/${encodeURIComponent(workflowId)}`;
  }

  function openRoutes(): NoticeRoutes {
    if (ports.noticeRoutes !== undefined) return ports.noticeRoutes;
    throw new RatchetError('NotifierUnavailable', 'this worker knows no routes', { remedy: 'give it the notices.yaml of the others' });
  }
}
