import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for a condition, looking often enough to hit a moment between two writes. */
export async function until<T>(what: string, look: () => T | Promise<T>, { seconds = 240, everyMs = 5 } = {}): Promise<NonNullable<T>> {
  const endsAtMs = Date.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found as NonNullable<T>;
    if (Date.now() > endsAtMs) throw new Error(`waited ${seconds} s in vain: ${what}`);
    await sleep(everyMs);
  }
}
