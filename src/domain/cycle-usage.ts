import { z } from 'zod';

/**
 * What the jobs of a cycle reserved: cores (devices) times seconds, every attempt included. Kept under its own name, written once
 * when the cycle ends: the budget of the month is known without Temporal and without the cluster.
 */
export const CycleUsage = z.strictObject({
  model: z.string(),
  cycle: z.number().int().positive(),
  cpuSeconds: z.number().min(0),
  gpuSeconds: z.number().min(0),
});
export type CycleUsage = z.infer<typeof CycleUsage>;

export const usageKey = (model: string, cycle: number): string => `usage/${model}/${String(cycle).padStart(10, '0')}.json`;

/** What was written when a cycle ended; null: nothing (it is open, or it ended without a word). */
export async function readUsage(
  get: (key: string) => Promise<Uint8Array | null>,
  model: string,
  cycle: number,
): Promise<CycleUsage | null> {
  const bytes = await get(usageKey(model, cycle));
  if (bytes === null) return null;
  const parsed = CycleUsage.safeParse(readJson(bytes));
  return parsed.success ? parsed.data : null;
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null; // half a file: as none
  }
}
