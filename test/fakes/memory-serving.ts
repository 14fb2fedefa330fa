import type { Alarm } from '../../src/domain/alarm.js';
import { digestOf } from '../../src/domain/digest.js';
import { RatchetError } from '../../src/domain/failure.js';
import { LATENCY_EDGES_MS, SCORE_BINS } from '../../src/domain/latency-edges.js';
import type { Arm, Instance, InstanceSpec, Route } from '../../src/domain/serving.js';
import type { ArmCounts } from '../../src/domain/traffic-window.js';
import type { AlarmSource } from '../../src/ports/alarm-source.js';
import type { LabelReader } from '../../src/ports/label-reader.js';
import type { MetricSource } from '../../src/ports/metric-source.js';
import type { Serving } from '../../src/ports/serving.js';
import type { TrafficRouter } from '../../src/ports/traffic-router.js';
import { answers } from './stage-outputs.js';

/** How an instance behaves under requests. */
export interface Behaviour {
  readonly errorShare?: number;
  readonly latencyMs?: number;
  readonly score?: number;
  /** Its servers die, and are started again, between one look at them and the next. */
  readonly dies?: boolean;
  /** Which of its servers are ready; absent: all that its spec names. */
  readonly ready?: readonly boolean[];
  /** What somebody has changed of its servers. */
  readonly edits?: readonly string[];
}

export const noLabels = {
  predictions: 0,
  labelled: 0,
  censored: 0,
  repeated: 0,
  ambiguousIds: 0,
  unmatchedLabels: 0,
  conflicts: 0,
  observedBefore: 0,
};

/** Servers, router and metrics in one: each reading of the counters finds as many requests more, divided as the route says. */
export function createMemoryServing({ requestsPerReading = 400 }: { requestsPerReading?: number } = {}) {
  const instances = new Map<string, InstanceSpec>();
  const routes = new Map<string, Route>();
  const handEdits = new Map<string, Pick<Route, 'splits' | 'mirror'>>();
  const counted = new Map<string, ArmCounts>();
  const owed = new Map<string, number>();
  const behaviours = new Map<string, Behaviour>();
  const deaths = new Map<string, number>();
  const failures = new Map<string, RatchetError>();
  const shifts: Route[] = [];
  const held = new Set<string>();
  const failing = (name: string): void => {
    const failure = failures.get(name);
    if (failure !== undefined) throw failure;
  };

  const serving: Serving = {
    async prepare(spec) {
      failing('prepare');
      failing(`prepare ${spec.name}`);
      const found = instances.get(spec.name);
      if (found !== undefined && digestOf(found) !== digestOf(spec))
        throw new RatchetError('InstanceConflict', `${spec.name}: another spec`);
      if (behaviours.get(spec.name)?.edits !== undefined) throw new RatchetError('InstanceConflict', `${spec.name}: edited by hand`);
      instances.set(spec.name, spec);
      return instanceOf(spec);
    },
    async ask(name, rows) {
      failing(`ask ${name}`);
      const { replicas } = instances.get(name)!;
      return Array.from({ length: replicas }, () => answers.served.scores.slice(0, rows.length));
    },
    async describe(name) {
      const spec = instances.get(name);
      return spec === undefined ? null : instanceOf(spec);
    },
    async list(model) {
      return [...instances.values()].filter((spec) => spec.model === model).map(instanceOf);
    },
    async retire(name) {
      instances.delete(name);
    },
  };

  const router: TrafficRouter = {
    refresh: () => Promise.resolve(),
    url: 'http://127.0.0.1:0',
    async shift(route) {
      failing('shift');
      const before = routes.get(route.model);
      if (before !== undefined && (route.shift < before.shift || (route.shift === before.shift && digestOf(route) !== digestOf(before)))) {
        throw new RatchetError('ShiftStale', `${route.model}: ${before.shift} is in force, found ${route.shift}`);
      }
      routes.set(route.model, route);
      handEdits.delete(route.model);
      shifts.push(route);
    },
    async hold(model, isHeld) {
      failing('hold');
      if (isHeld) held.add(model);
      else held.delete(model);
    },
    async read(model) {
      failing('read');
      const asked = routes.get(model);
      return asked === undefined ? null : { asked, inForce: handEdits.get(model) ?? asked, isHeld: held.has(model) };
    },
  };

  const metrics: MetricSource = {
    async read(arms) {
      failing('metrics');
      const found = Object.entries(arms) as [Arm, string][];
      return { atMs: Date.now(), arms: Object.fromEntries(found.map(([arm, name]) => [arm, more(name)])) };
    },
  };

  const labels: LabelReader & { answer: LabelReader['read'] } = {
    answer: async () => ({ counts: noLabels, conflicts: [], kpis: [], days: [] }),
    read: (question, signal) => labels.answer(question, signal),
  };

  const alarmsOf = new Map<string, Omit<Alarm, 'name'>>();
  const alarms: AlarmSource = {
    async read(names) {
      failing('alarms');
      return names.flatMap((name) => (alarmsOf.has(name) ? [{ name, ...alarmsOf.get(name)! }] : []));
    },
  };

  return { serving, router, metrics, labels, alarms, alarmsOf, instances, routes, held, shifts, failures, behave, editByHand, splitOf };

  function behave(instance: string, behaviour: Behaviour): void {
    behaviours.set(instance, behaviour);
  }

  function editByHand(model: string, split: Pick<Route, 'splits' | 'mirror'>): void {
    handEdits.set(model, split);
  }

  /** "m-2 90, m-5 10" */
  function splitOf(model: string): string {
    const { splits, mirror } = routes.get(model)!;
    const shares = splits.map(({ instance, weightPercent }) => `${instance} ${weightPercent}`).sort();
    return [...shares, ...(mirror === null ? [] : [`copies to ${mirror.instance}`])].join(', ');
  }

  function instanceOf(spec: InstanceSpec): Instance {
    const { dies = false, edits, ready = Array.from({ length: spec.replicas }, () => true) } = behaviours.get(spec.name) ?? {};
    const restarts = (deaths.get(spec.name) ?? 0) + (dies ? 1 : 0);
    deaths.set(spec.name, restarts);
    const replicas = ready.map((isReady) => ({ address: '127.0.0.1:1', ready: isReady, restarts }));
    const { name, model, version } = spec;
    return { name, model, version, specDigest: digestOf(spec), replicas, ...(edits !== undefined && { edits }) };
  }

  function more(instance: string): ArmCounts {
    const route = [...routes.values()].find(
      ({ splits, mirror }) => splits.some((split) => split.instance === instance) || mirror?.instance === instance,
    );
    const percent =
      route?.mirror?.instance === instance ? 100 : (route?.splits.find((split) => split.instance === instance)?.weightPercent ?? 0);
    const { errorShare = 0.01, latencyMs = 5, score = 0.25 } = behaviours.get(instance) ?? {};
    const units = Math.round((requestsPerReading * percent) / 100);
    const before = counted.get(instance) ?? {
      units: 0,
      errors: 0,
      latency: zeros(LATENCY_EDGES_MS.length + 1),
      scores: zeros(SCORE_BINS),
      scoreSum: 0,
    };
    const latency = [...before.latency];
    latency[LATENCY_EDGES_MS.findIndex((edge) => latencyMs <= edge)]! += units;
    const scores = before.scores.map((count, bin) => count + Math.round((units * (answers.scoreHistogram[bin] ?? 0)) / 1500));
    // What is less than an error is kept for the next reading: an arm of few requests would never have one.
    const due = (owed.get(instance) ?? 0) + units * errorShare;
    const errors = Math.floor(due + 1e-9);
    owed.set(instance, due - errors);
    const after = {
      units: before.units + units,
      errors: before.errors + errors,
      latency,
      scores,
      scoreSum: before.scoreSum + units * score,
    };
    counted.set(instance, after);
    return after;
  }
}

function zeros(length: number): number[] {
  return Array.from({ length }, () => 0);
}
