import { refusal } from './named-documents.js';
import type { Document } from './server.js';

export type CountedMetric = 'Invocations' | 'Invocation4XXErrors' | 'Invocation5XXErrors' | 'InvocationModelErrors';

interface Point {
  readonly beginMs: number;
  readonly shownAtMs: number;
  value: number;
}

interface FakeAlarm {
  readonly state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
  readonly reason: string;
  readonly type?: 'MetricAlarm' | 'CompositeAlarm';
}

interface Query {
  readonly Id: string;
  readonly MetricStat: {
    readonly Metric: { readonly Namespace: string; readonly MetricName: string; readonly Dimensions: { Name: string; Value: string }[] };
    readonly Period: number;
    readonly Stat: string;
  };
}

/** SageMaker tells a period once it is over; CloudWatch keeps those below a minute for three hours. */
export function createFakeCloudWatch() {
  const points = new Map<string, Point[]>();
  let pointsPerPage = 100_800;
  let clock = Date.now;
  const alarms = new Map<string, FakeAlarm>();
  const operations: Record<string, (input: Document) => Document> = { GetMetricData: getMetricData, DescribeAlarms: describeAlarms };
  return {
    operations,
    count,
    add,
    /** So few points in an answer. */
    pageBy: (size: number) => void (pointsPerPage = size),
    /** What it takes for the time. */
    setClock: (now: () => number) => void (clock = now),
    setAlarm: (name: string, alarm: FakeAlarm) => void alarms.set(name, alarm),
  };

  /** Composite ones are told only where they are asked for. */
  function describeAlarms({ AlarmNames = [], AlarmTypes = ['MetricAlarm'], MaxRecords = 50 }: Document): Document {
    const [names, types] = [AlarmNames as string[], AlarmTypes as string[]];
    if (names.length > 100 || Number(MaxRecords) > 100) throw refusal('expected at most 100 names and records');
    const found = names.flatMap((AlarmName) => {
      const alarm = alarms.get(AlarmName);
      return alarm === undefined
        ? []
        : [{ AlarmName, StateValue: alarm.state, StateReason: alarm.reason, type: alarm.type ?? 'MetricAlarm' }];
    });
    const page = found.slice(0, Number(MaxRecords)).filter(({ type }) => types.includes(type));
    const ofType = (wanted: string) => page.flatMap(({ type, ...alarm }) => (type === wanted ? [alarm] : []));
    return { MetricAlarms: ofType('MetricAlarm'), CompositeAlarms: ofType('CompositeAlarm') };
  }

  /** One answer of a variant, or none (status 0), as SageMaker tells it. */
  function count(endpoint: string, variant: string, status: number, periodSeconds: number): void {
    const beginMs = Math.floor(clock() / (periodSeconds * 1000)) * periodSeconds * 1000;
    const at = { beginMs, periodSeconds };
    add(endpoint, variant, 'Invocations', 1, at);
    add(endpoint, variant, 'InvocationModelErrors', status >= 200 && status < 300 ? 0 : 1, at);
    if (status === 0) return;
    add(endpoint, variant, 'Invocation4XXErrors', status >= 400 && status < 500 ? 1 : 0, at);
    add(endpoint, variant, 'Invocation5XXErrors', status >= 500 ? 1 : 0, at);
  }

  function add(
    endpoint: string,
    variant: string,
    metric: CountedMetric,
    value: number,
    { beginMs, periodSeconds }: { readonly beginMs: number; readonly periodSeconds: number },
  ): void {
    const key = `${endpoint}/${variant}/${metric}`;
    const known = points.get(key) ?? [];
    points.set(key, known);
    const point = known.find((one) => one.beginMs === beginMs);
    if (point) point.value += value;
    else known.push({ beginMs, shownAtMs: beginMs + periodSeconds * 1000, value });
  }

  function getMetricData({ MetricDataQueries, StartTime, EndTime, NextToken = '0' }: Document): Document {
    const queries = MetricDataQueries as Query[];
    const [startMs, endMs] = [Number(StartTime) * 1000, Number(EndTime) * 1000];
    if (queries.length === 0 || queries.length > 500) throw refusal('expected 1 to 500 queries');
    if (!(startMs < endMs)) throw refusal('expected a StartTime before EndTime');
    const rows = queries.flatMap((query) => [...sumsOf(query, startMs, endMs)].map((row) => ({ id: query.Id, row })));
    const from = Number(NextToken);
    const page = rows.slice(from, from + pointsPerPage);
    const isLast = from + pointsPerPage >= rows.length;
    const MetricDataResults = queries.map(({ Id }) => {
      const found = page.filter(({ id }) => id === Id).map(({ row }) => row);
      return {
        Id,
        StatusCode: isLast ? 'Complete' : 'PartialData',
        Timestamps: found.map(([beginMs]) => beginMs / 1000),
        Values: found.map(([, value]) => value),
      };
    });
    return { MetricDataResults, ...(!isLast && { NextToken: String(from + pointsPerPage) }) };
  }

  function sumsOf({ MetricStat: { Metric, Period, Stat } }: Query, startMs: number, endMs: number): Map<number, number> {
    if (Period % 60 !== 0 && ![1, 5, 10, 20, 30].includes(Period)) throw refusal('Period');
    const sums = new Map<number, number>();
    const dimension = (name: string): string => Metric.Dimensions.find(({ Name }) => Name === name)?.Value ?? '';
    if (Metric.Namespace !== 'AWS/SageMaker' || Stat !== 'Sum') return sums;
    const nowMs = clock();
    const known = points.get(`${dimension('EndpointName')}/${dimension('VariantName')}/${Metric.MetricName}`) ?? [];
    for (const { beginMs, shownAtMs, value } of known.toSorted((left, right) => left.beginMs - right.beginMs)) {
      const isKept = Period >= 60 || nowMs - beginMs < 3 * 3_600_000;
      if (beginMs < startMs || beginMs >= endMs || shownAtMs > nowMs || !isKept) continue;
      const begin = Math.floor(beginMs / (Period * 1000)) * Period * 1000;
      sums.set(begin, (sums.get(begin) ?? 0) + value);
    }
    return sums;
  }
}
