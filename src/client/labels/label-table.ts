import { parquetWriteBuffer } from 'hyparquet-writer';
import type { LabelRow } from '../../domain/label-row.js';

/**
 * Labels as Parquet, the way the join reads them: times in milliseconds since 1970, each named number as a column
 * `kpi_<name>`. `source` and `position` say which of two that were received at once is the first.
 */
export function labelTable(labels: readonly LabelRow[], { receivedAtMs, source }: { receivedAtMs: number; source: string }): Uint8Array {
  const kpis = [...new Set(labels.flatMap(({ values }) => Object.keys(values)))].sort();
  const all = <T>(value: T): T[] => Array<T>(labels.length).fill(value);
  const columnData = [
    { name: 'id', type: 'STRING' as const, data: labels.map(({ id }) => id) },
    { name: 'row', type: 'INT32' as const, data: labels.map(({ row }) => row) },
    { name: 'value', type: 'DOUBLE' as const, data: labels.map(({ value }) => value) },
    { name: 'observedAtMs', type: 'INT64' as const, data: labels.map(({ observedAt }) => milliseconds(observedAt, receivedAtMs)) },
    { name: 'receivedAtMs', type: 'INT64' as const, data: all(BigInt(receivedAtMs)) },
    { name: 'censored', type: 'BOOLEAN' as const, data: labels.map(({ censored }) => censored) },
    { name: 'policy', type: 'STRING' as const, data: labels.map(({ policy }) => policy) },
    { name: 'propensity', type: 'DOUBLE' as const, data: labels.map(({ propensity }) => propensity) },
    { name: 'source', type: 'STRING' as const, data: all(source) },
    { name: 'position', type: 'INT32' as const, data: labels.map((_, index) => index) },
    ...kpis.map((name) => ({ name: `kpi_${name}`, type: 'DOUBLE' as const, data: labels.map(({ values }) => values[name] ?? null) })),
  ];
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}

function milliseconds(observedAt: string | null, receivedAtMs: number): bigint {
  return BigInt(observedAt === null ? receivedAtMs : Date.parse(observedAt));
}
