import { parquetWriteBuffer } from 'hyparquet-writer';

export interface LoggedPrediction {
  readonly id: string;
  readonly timeMs: number;
  readonly instance: string;
  readonly output: number;
}

/** A file of the prediction log, as steps/ratchet_serve/shipper.py writes it. */
export function predictionFile(predictions: readonly LoggedPrediction[]): Uint8Array {
  const all = <T>(value: T): T[] => predictions.map(() => value);
  const columnData = [
    { name: 'id', type: 'STRING' as const, data: predictions.map(({ id }) => id) },
    { name: 'row', type: 'INT64' as const, data: all(0n) },
    { name: 'time', type: 'STRING' as const, data: predictions.map(({ timeMs }) => new Date(timeMs).toISOString().replace('Z', '+00:00')) },
    { name: 'version', type: 'STRING' as const, data: all('1') },
    { name: 'instance', type: 'STRING' as const, data: predictions.map(({ instance }) => instance) },
    { name: 'arm', type: 'STRING' as const, data: all('champion') },
    { name: 'output', type: 'DOUBLE' as const, data: predictions.map(({ output }) => output) },
    { name: 'latencyMs', type: 'DOUBLE' as const, data: all(1.5) },
  ];
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}
