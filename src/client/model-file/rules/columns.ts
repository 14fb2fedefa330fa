import type { DataSpec } from '../../../domain/data-spec.js';
import type { Finding, Path } from '../problem.js';
import { nearest } from '../suggest.js';
import type { Rule } from './rule.js';

/** Columns that a model file declares: all that the checks, blocks and slices may name. */
function declaredColumns(data: DataSpec): string[] {
  const available = data.features.flatMap((feature) => (feature.availableAt === undefined ? [] : [feature.availableAt]));
  const observed = data.label.observedAt === undefined ? [] : [data.label.observedAt];
  const named = [...data.features.map(({ name }) => name), ...data.keyColumns, data.timeColumn, data.label.column];
  return [...new Set([...named, ...observed, ...available])];
}

export const checkColumnNames: Rule = ({ data, evaluation, gates }) => {
  if (data === null) return [];
  const columns = declaredColumns(data);
  const findings: Finding[] = [];
  const check = (column: string, path: Path, also: readonly string[] = []): void => {
    if (columns.includes(column) || also.includes(column)) return;
    const near = nearest(column, [...columns, ...also]);
    const remedy =
      near === null
        ? 'declare the column as a feature or a key column'
        : `did you mean ${near}? Else declare the column as a feature or a key column`;
    findings.push({
      path,
      severity: 'error',
      expected: also.length === 0 ? 'a declared column' : `${also.join(', ')} or a declared column`,
      found: `"${column}"`,
      remedy,
    });
  };
  if (evaluation !== null) {
    check(evaluation.resampleBy, ['spec', 'evaluation', 'resampleBy'], ['day', 'row']);
    evaluation.slices.forEach(({ by }, index) => check(by, ['spec', 'evaluation', 'slices', index, 'by']));
  }
  const sliced = evaluation?.slices.map(({ by }) => by);
  gates?.slices.forEach(({ by }, index) => {
    if (sliced === undefined || sliced.includes(by)) return;
    const expected =
      sliced.length === 0 ? 'a slice of evaluation.slices (there is none)' : `a slice of evaluation.slices: ${sliced.join(', ')}`;
    findings.push({
      path: ['spec', 'gates', 'slices', index, 'by'],
      severity: 'error',
      expected,
      found: `"${by}"`,
      remedy: `add { by: ${by} } to evaluation.slices`,
    });
  });
  return [...findings, ...checkAvailableAt(data), ...checkObservedAt(data), ...checkFeatures(data)];
};

function checkFeatures(data: DataSpec): Finding[] {
  const seen = new Map<string, number>();
  return data.features.flatMap((feature, index): Finding[] => {
    const at = (key: string): Path => ['spec', 'data', 'features', index, key];
    const findings: Finding[] = [];
    const earlier = seen.get(feature.name);
    seen.set(feature.name, index);
    if (earlier !== undefined) {
      findings.push({
        path: at('name'),
        severity: 'error',
        expected: 'each feature once',
        found: `"${feature.name}" as features[${earlier}] already`,
        remedy: 'remove one of them',
      });
    }
    if (feature.name === data.label.column) {
      findings.push({
        path: at('name'),
        severity: 'error',
        expected: 'a column that is known before the label',
        found: 'the label itself',
        remedy: 'remove it: the model would be told the answer',
      });
    }
    if (feature.type === 'category' && (feature.min !== undefined || feature.max !== undefined)) {
      const key = feature.min === undefined ? 'max' : 'min';
      findings.push({
        path: at(key),
        atKey: true,
        severity: 'error',
        expected: 'limits on numbers only',
        found: `${key} on a category`,
        remedy: 'remove it, or make the feature a number',
      });
    }
    if (feature.min !== undefined && feature.max !== undefined && feature.min > feature.max) {
      findings.push({
        path: at('min'),
        severity: 'error',
        expected: `at most the max of ${feature.max}`,
        found: String(feature.min),
        remedy: 'no value could satisfy both: exchange them',
      });
    }
    return findings;
  });
}

function checkObservedAt({ label, features }: DataSpec): Finding[] {
  const { observedAt, column } = label;
  if (observedAt === undefined) return [];
  const isFeature = features.some(({ name }) => name === observedAt);
  if (observedAt !== column && !isFeature) return [];
  return [
    {
      path: ['spec', 'data', 'label', 'observedAt'],
      severity: 'error',
      expected: 'a column of times',
      found: isFeature ? `the feature "${observedAt}"` : 'the label',
      remedy: isFeature
        ? 'a model that knows when its label comes knows the label: name another column'
        : 'name the column that says when the label was known',
    },
  ];
}

function checkAvailableAt(data: DataSpec): Finding[] {
  const uses = new Map<string, number>();
  for (const { availableAt } of data.features) if (availableAt !== undefined) uses.set(availableAt, (uses.get(availableAt) ?? 0) + 1);
  const plain = [...data.features.map(({ name }) => name), ...data.keyColumns, data.timeColumn];
  return data.features.flatMap(({ availableAt }, index): Finding[] => {
    if (availableAt === undefined) return [];
    const path = ['spec', 'data', 'features', index, 'availableAt'];
    if (availableAt === data.label.column) {
      return [
        {
          path,
          severity: 'error',
          expected: 'a column of times',
          found: 'the label',
          remedy: 'name the column that says when the value was known',
        },
      ];
    }
    if (plain.includes(availableAt) && availableAt !== data.timeColumn && data.features.some(({ name }) => name === availableAt)) {
      return [
        {
          path,
          severity: 'error',
          expected: 'a column of times',
          found: `the feature "${availableAt}"`,
          remedy: 'name the column that says when the value was known',
        },
      ];
    }
    const others = [...uses].filter(([name, count]) => name !== availableAt && count > (uses.get(availableAt) ?? 0)).map(([name]) => name);
    const near = nearest(availableAt, others);
    if (near === null || plain.includes(availableAt)) return [];
    return [
      {
        path,
        severity: 'warning',
        message: `"${availableAt}" is named once, the similar "${near}" more often`,
        remedy: `did you mean ${near}?`,
      },
    ];
  });
}
