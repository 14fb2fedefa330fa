import { digestOfBytes } from '../../domain/digest.js';

const nameCharsMax = 63;

/**
 * What SageMaker calls a job: `<prefix>-<our name>`. What is longer than SageMaker allows ends in a digest of the whole, so
 * the same job always has the same name, and two jobs never share one.
 */
export function sageMakerName(prefix: string, jobName: string): string {
  return shortened(`${prefix}-${jobName}`, nameCharsMax);
}

/** The same name always; what is too long ends in a digest of the whole. */
export function shortened(whole: string, charsMax: number): string {
  if (whole.length <= charsMax && !whole.endsWith('-')) return whole;
  const digest = digestOfBytes(whole).slice('sha256:'.length, 'sha256:'.length + 16);
  return `${whole.slice(0, charsMax - 17).replace(/-+$/, '')}-${digest}`;
}

/** Our name, model and cycle from SageMaker's; null where it was shortened or is of no such form. */
export function readJobName(prefix: string, name: string): { name: string; model: string; cycle: number } | null {
  if (!name.startsWith(`${prefix}-`) || /-[0-9a-f]{16}$/.test(name)) return null;
  const ours = name.slice(prefix.length + 1);
  const [, model, cycle] = /^(.+)-c(\d+)-[a-z]+-a\d+(?:-\d+)?$/.exec(ours) ?? [];
  return model === undefined ? null : { name: ours, model, cycle: Number(cycle) };
}
