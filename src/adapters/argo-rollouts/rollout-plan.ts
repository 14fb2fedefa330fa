import { z } from 'zod';
import { RatchetError } from '../../domain/failure.js';
import type { Route } from '../../domain/serving.js';
import { kubernetesName, refuseUnknownWords } from '../kubernetes/route-object.js';

/** Where a Rollout stands, by its controller's word. Versions are called by the Kubernetes name of their instance. */
export interface RolloutState {
  /** Whose pods get what the canary does not get; null: it has promoted none yet. */
  readonly stable: string | null;
  readonly canary: string | null;
  readonly canaryPercent: number;
  /** Given up on the way: it begins anew only where its steps change. */
  readonly isAborted: boolean;
}

/** What its spec asks for. */
export interface RolloutPlan {
  readonly workload: string;
  readonly weightPercent: number;
  /** It stays at this weight; else it goes on to the end and makes the workload its stable version. */
  readonly waits: boolean;
}

export const atRest: RolloutState = { stable: null, canary: null, canaryPercent: 0, isAborted: false };

/**
 * The next thing to ask of a Rollout on its way to a route. Pure. Where neither version of a divided route is the stable one,
 * the champion is made so first: then the plan changes as soon as the controller says that it is.
 *
 * @throws {RatchetError} RouterRefused: a Rollout has no word for it
 */
export function planRollout(route: Route, { stable }: RolloutState): RolloutPlan {
  refuseWordless(route);
  const splits = route.splits.map((split) => ({ ...split, workload: kubernetesName(split.instance) }));
  const [only, other] = splits;
  const first = splits.find(({ arm }) => arm === 'champion') ?? only!;
  if (other === undefined) {
    // While it bakes, the version before keeps its pods: turning back waits for none.
    const waits = first.arm === 'challenger' && stable !== null && stable !== first.workload;
    return { workload: first.workload, weightPercent: 100, waits };
  }
  const kept = splits.find(({ workload }) => workload === stable);
  if (kept === undefined) return { workload: first.workload, weightPercent: 100, waits: false };
  const moved = splits.find((split) => split !== kept)!;
  return { workload: moved.workload, weightPercent: moved.weightPercent, waits: true };
}

function refuseWordless(route: Route): void {
  const { model, splits, mirror } = route;
  const refuse = (found: string, remedy: string): never => {
    const words = `route of ${model}: expected at most two versions and no copies: a Rollout divides requests between a stable version and a canary; found ${found}`;
    throw new RatchetError('RouterRefused', words, { remedy });
  };
  refuseUnknownWords(
    route,
    'a Rollout has no word for it',
    'say it in a RequestAuthentication or an EnvoyFilter of your mesh, and leave it out of the model file',
  );
  if (mirror !== null) refuse(`copies to ${mirror.instance}`, 'leave out shadow steps and bake.compare: mirror');
  if (splits.length > 2) refuse(`${splits.length} versions`, 'write rollout.baseline: champion');
}

const Step = z.object({ setWeight: z.number().int().optional(), pause: z.object({}).optional() });
const Planned = z.object({
  workloadRef: z.object({ name: z.string() }),
  strategy: z.object({ canary: z.object({ steps: z.array(Step) }) }),
});

/** null: something that we would not ask for. */
export function planIn(spec: object): RolloutPlan | null {
  const parsed = Planned.safeParse(spec);
  if (!parsed.success) return null;
  const { steps } = parsed.data.strategy.canary;
  const weightPercent = steps.findLast(({ setWeight }) => setWeight !== undefined)?.setWeight;
  if (weightPercent === undefined) return null;
  return { workload: parsed.data.workloadRef.name, weightPercent, waits: steps.at(-1)!.pause !== undefined };
}

export function isSamePlan(left: RolloutPlan | null, right: RolloutPlan): boolean {
  return left?.workload === right.workload && left.weightPercent === right.weightPercent && left.waits === right.waits;
}

/**
 * The steps of a plan. New ones begin at the first, so that is the weight in force: without it the canary would lose its
 * requests until it has the pods of the next weight. Those that do the same already stay as they are.
 */
export function stepsOf(plan: RolloutPlan, state: RolloutState, found: object | null): object[] {
  const isGoingOn = state.canary === plan.workload && state.canaryPercent > 0 && state.canaryPercent !== plan.weightPercent;
  const steps = [
    ...(isGoingOn ? [{ setWeight: state.canaryPercent }] : []),
    { setWeight: plan.weightPercent },
    ...(plan.waits ? [{ pause: {} }] : []),
  ];
  const before = found && isSamePlan(planIn(found), plan) ? stepsIn(found) : null;
  if (before === null) return steps;
  if (!state.isAborted) return before;
  return JSON.stringify(before) === JSON.stringify(steps) ? [{ setWeight: 0 }, ...steps] : steps;
}

function stepsIn(spec: object): object[] {
  return (spec as { strategy: { canary: { steps: object[] } } }).strategy.canary.steps;
}
