import { condition, patched } from '@temporalio/workflow';

/** A wish is answered by what those before it left, not by the state that they are about to change. */
export function createTurns() {
  const underWay = new Set<object>();

  /** Does this after all that came before it. */
  return async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const before = [...underWay];
    const mine = {};
    underWay.add(mine);
    try {
      if (before.length > 0 && patched('wishes-one-after-another')) await condition(() => !before.some((wish) => underWay.has(wish)));
      return await work();
    } finally {
      underWay.delete(mine);
    }
  };
}
