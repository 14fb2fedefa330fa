import type { AbsoluteMetric, QualityMetric } from '../../../domain/evaluation-spec.js';
import type { AbsoluteGate, GatesSpec } from '../../../domain/gate.js';
import type { Finding, Path } from '../problem.js';
import type { Rule } from './rule.js';

/** What a measure can be at all. */
const RANGE: Record<AbsoluteMetric, readonly [low: number, high: number]> = {
  auc: [0, 1],
  logLoss: [0, Infinity],
  brier: [0, 1],
  calibrationGap: [0, 1],
  latencyMsP99: [0, Infinity],
  modelMiB: [0, Infinity],
  labelCoverage: [0, 1],
};

/**
 * From here on a margin lets everything through: it is all that lies between a perfect model and one that knows nothing
 * (AUC 1 to 0.5; log-loss 0 to ln 2 and Brier score 0 to 0.25 at a rate of one half).
 */
const MARGIN_END: Record<QualityMetric, number> = { auc: 0.5, logLoss: Math.LN2, brier: 0.25 };

/** What a model that knows nothing has of a measure of which more is better. */
const NOTHING_KNOWN: Partial<Record<AbsoluteMetric, number>> = { auc: 0.5, labelCoverage: 0 };

const GATES: Path = ['spec', 'gates'];

export const checkThresholds: Rule = ({ gates }) => {
  if (gates === null) return [];
  return [...checkPresence(gates), ...gates.absolute.flatMap(checkAbsolute), ...checkTogether(gates), ...checkMargins(gates)];
};

function isLessBetter(metric: AbsoluteMetric): boolean {
  return !(metric in NOTHING_KNOWN);
}

function checkPresence(gates: GatesSpec): Finding[] {
  const { absolute, againstChampion, againstAnchor, slices, whenNoChampion } = gates;
  if (absolute.length + againstChampion.length + againstAnchor.length === 0) {
    return [
      {
        path: GATES,
        atKey: true,
        severity: 'error',
        message:
          slices.length > 0
            ? 'slices only veto, and there is no other threshold, so nothing could be proven'
            : 'there is no threshold at all, so nothing could be proven',
        expected: 'at least one of absolute, againstChampion, againstAnchor',
        found: 'none',
        remedy: 'write down what a model must reach, e.g. absolute: [{ metric: auc, min: 0.65 }]',
      },
    ];
  }
  const findings: Finding[] = [];
  if (againstChampion.length === 0) {
    const rest =
      againstAnchor.length > 0 ? 'the anchor alone allows many small steps down' : 'a model worse than the champion could replace it';
    findings.push({
      path: GATES,
      atKey: true,
      severity: 'warning',
      message: `no gate holds the challenger against the champion: ${rest}`,
      remedy: 'add againstChampion: [{ metric: logLoss, test: nonInferiority, margin: 0.02 }] or a superiority gate',
    });
  }
  if (whenNoChampion === 'fail') {
    findings.push({
      path: [...GATES, 'whenNoChampion'],
      severity: 'warning',
      message: 'whenNoChampion is fail: no model can ever become the first champion',
      remedy: 'write whenNoChampion: requireApproval, at least until the first one is promoted',
    });
  }
  if (whenNoChampion === 'pass' && absolute.length === 0) {
    findings.push({
      path: [...GATES, 'whenNoChampion'],
      severity: 'warning',
      message: 'no absolute gate holds the first model to anything: none can ever become the first champion',
      remedy: 'add absolute gates, or write whenNoChampion: requireApproval',
    });
  }
  return findings;
}

function checkAbsolute(gate: AbsoluteGate, index: number): Finding[] {
  const at = (key: string): Path => [...GATES, 'absolute', index, key];
  const [low, high] = RANGE[gate.metric];
  const findings: Finding[] = [];
  for (const key of ['min', 'max'] as const) {
    const limit = gate[key];
    if (limit === undefined || (limit >= low && limit <= high)) continue;
    const expected = high === Infinity ? `at least ${low}` : `a number from ${low} to ${high}`;
    findings.push({
      path: at(key),
      severity: 'error',
      expected: `${expected} (${gate.metric} is never anything else)`,
      found: String(limit),
      remedy: percentHint(limit),
    });
  }
  if (findings.length > 0) return findings;
  if (gate.min !== undefined && gate.max !== undefined && gate.min > gate.max) {
    return [
      {
        path: at('min'),
        severity: 'error',
        expected: `at most the max of ${gate.max}`,
        found: String(gate.min),
        remedy: 'no model could satisfy both: exchange them',
      },
    ];
  }
  const lessIsBetter = isLessBetter(gate.metric);
  if (lessIsBetter && gate.max === 0) {
    const expected = `more than 0: no model has a ${gate.metric} of 0`;
    return [{ path: at('max'), severity: 'error', expected, found: '0', remedy: 'write the greatest value that is good enough' }];
  }
  const known = NOTHING_KNOWN[gate.metric];
  if (known !== undefined && gate.max !== undefined && gate.max <= known) {
    const expected = `more than ${known}: what is good has more`;
    const remedy = `write as min what ${gate.metric} must reach`;
    return [{ path: at('max'), severity: 'error', expected, found: String(gate.max), remedy }];
  }
  if (gate.metric === 'auc' && gate.min !== undefined && gate.min <= 0.5) {
    return [
      {
        path: at('min'),
        severity: 'warning',
        message: `an AUC of ${gate.min} is reached by tossing a coin`,
        remedy: 'ask for more than 0.5',
      },
    ];
  }
  if (lessIsBetter && gate.min !== undefined && gate.max === undefined) {
    return [
      {
        path: at('min'),
        atKey: true,
        severity: 'warning',
        message: `less is better for ${gate.metric}, and only its least value is limited`,
        remedy: `write max: ${gate.min}`,
      },
    ];
  }
  return [];
}

/** Each gate may be sound alone, and no model satisfy two of them; or all of them together hold a measure from the wrong side. */
function checkTogether({ absolute, againstChampion, againstAnchor, labelCoverageMin }: GatesSpec): Finding[] {
  const paired = [...againstChampion, ...againstAnchor];
  const isHeld = (metric: AbsoluteMetric): boolean =>
    metric === 'labelCoverage'
      ? labelCoverageMin > 0
      : [...absolute.filter(({ min }) => min !== undefined), ...paired].some((gate) => gate.metric === metric);
  const oneSided = absolute.flatMap(({ metric, max }, index): Finding[] => {
    if (max === undefined || isLessBetter(metric) || isHeld(metric)) return [];
    const message = `more is better for ${metric}, and only its greatest value is limited`;
    return [{ path: [...GATES, 'absolute', index, 'max'], atKey: true, severity: 'warning', message, remedy: 'add min' }];
  });
  const uncovered = absolute.flatMap(({ metric, max }, index): Finding[] => {
    if (metric !== 'labelCoverage' || max === undefined || max === 0 || max >= labelCoverageMin) return [];
    const expected = `at least the labelCoverageMin of ${labelCoverageMin}`;
    const remedy = 'no evaluation could satisfy both';
    return [{ path: [...GATES, 'absolute', index, 'max'], severity: 'error', expected, found: String(max), remedy }];
  });
  return [...oneSided, ...uncovered, ...checkPairs(absolute)];
}

function checkPairs(gates: readonly AbsoluteGate[]): Finding[] {
  return gates.flatMap(({ metric, min }, index): Finding[] => {
    if (min === undefined) return [];
    const others = gates.flatMap((gate, other) => (other !== index && gate.metric === metric && gate.max !== undefined ? [gate.max] : []));
    const least = Math.min(...others);
    if (min <= least) return [];
    const expected = `at most the max of ${least} that another gate asks of ${metric}`;
    return [
      {
        path: [...GATES, 'absolute', index, 'min'],
        severity: 'error',
        expected,
        found: String(min),
        remedy: 'no model could satisfy both',
      },
    ];
  });
}

function checkMargins(gates: GatesSpec): Finding[] {
  const lists = ['againstChampion', 'againstAnchor', 'slices'] as const;
  const margins = lists.flatMap((list) =>
    gates[list].map((gate, index) => ({ path: [...GATES, list, index, 'margin'], metric: gate.metric, margin: gate.margin })),
  );
  const improvements = gates.maxImprovement.map(({ metric, delta }, index) => ({
    path: [...GATES, 'maxImprovement', index, 'delta'],
    metric,
    margin: delta,
  }));
  const tooWide = [...margins, ...improvements].flatMap(({ path, metric, margin }): Finding[] => {
    const end = MARGIN_END[metric];
    if (margin < end) return [];
    const expected = `less than ${Number(end.toPrecision(3))}: all that lies between a perfect ${metric} and one of a model that knows nothing`;
    return [
      {
        path,
        severity: 'error',
        expected,
        found: String(margin),
        remedy: percentHint(margin) || 'write the difference in the measure’s own units',
      },
    ];
  });
  return [...tooWide, ...checkTwice(gates)];
}

function checkTwice(gates: GatesSpec): Finding[] {
  return (['againstChampion', 'againstAnchor'] as const).flatMap((list) => {
    const names = gates[list].map(({ metric, test }) => `${metric} ${test}`);
    return names.flatMap((name, index): Finding[] =>
      names.indexOf(name) === index
        ? []
        : [
            {
              path: [...GATES, list, index],
              severity: 'warning',
              message: `a second ${name} gate: only the stricter one counts`,
              remedy: 'remove one of them',
            },
          ],
    );
  });
}

function percentHint(value: number): string {
  return value >= 2 && value <= 100 ? `not a percentage: ${value}% is ${Number((value / 100).toPrecision(6))}` : '';
}
