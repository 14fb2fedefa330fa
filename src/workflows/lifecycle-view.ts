import { setCurrentDetails } from '@temporalio/workflow';
import type { ModelState } from '../activities/lifecycle-activities.js';
import type { LifecycleMemory } from './lifecycle-memory.js';
import type { LifecycleState } from './messages.js';

interface LedgerView {
  state(): ModelState | null;
  trouble(): string | null;
}

/** What people see of the lifecycle: the query and the current details. */
export function createLifecycleView(model: string, ledger: LedgerView, memory: LifecycleMemory) {
  return { state, show };

  function state(): LifecycleState {
    const inForce = ledger.state();
    return {
      model,
      paused: inForce?.paused ?? false,
      specDigest: inForce?.specDigest ?? null,
      codeDigest: inForce?.codeDigest ?? null,
      generation: inForce?.generation ?? 0,
      champion: inForce?.champion ?? null,
      openCycle: inForce?.openCycle ?? null,
      queue: memory.queue(),
      seenKeys: memory.seenKeys(),
      trouble: ledger.trouble(),
    };
  }

  function show(): void {
    const { paused, champion, openCycle, queue, trouble } = state();
    const lines = [
      `**${model}**${paused ? ', paused' : ''}`,
      '',
      `- champion: ${champion === null ? 'none yet' : champion.version}`,
      `- open cycle: ${openCycle ?? 'none'}`,
      `- waiting triggers: ${queue.length === 0 ? 'none' : queue.map((queued) => queued.trigger.key).join(', ')}`,
      ...(trouble === null ? [] : [`- **trouble**: ${trouble}`]),
    ];
    setCurrentDetails(lines.join('\n'));
  }
}
