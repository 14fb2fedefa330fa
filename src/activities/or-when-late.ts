/** What a look came to, or this where it takes longer: nobody who waits for it is held up. */
export function orWhenLate<T>(look: Promise<T>, late: T, msMax: number): Promise<T> {
  const limit = AbortSignal.timeout(msMax);
  return Promise.race([look, new Promise<T>((resolve) => limit.addEventListener('abort', () => resolve(late), { once: true }))]);
}
