import type { Act } from './acts.js';

/** How a cycle of the demo ended. */
export interface ActEnd {
  /** null: it has not ended. */
  readonly outcome: string | null;
  readonly reasons: readonly string[];
  /** A person had to sign. */
  readonly signed: boolean;
  /** null: nobody asked meanwhile. */
  readonly requests: { readonly answered: number; readonly failed: number } | null;
}

/** What is not as the act tells it, as a sentence; null: it ended as it should. The right end for another reason is not. */
export function actFault(
  act: Pick<Act, 'outcome' | 'isSigned' | 'because'>,
  { outcome, reasons, signed, requests }: ActEnd,
): string | null {
  const wanted = `${act.outcome}${act.isSigned ? ' after a signature' : ''}`;
  const found = `${outcome ?? 'no end'}${signed ? ' after a signature' : ''}`;
  if (wanted !== found) return `expected ${wanted}, found ${found}`;
  if (act.because !== undefined && !reasons.some((reason) => reason.includes(act.because!))) {
    return `expected the reason “${act.because}”, found “${reasons.join('; ').slice(0, 300) || 'none'}”`;
  }
  if (requests !== null && requests.failed > 0) return `expected no request to fail, found ${requests.failed} that did`;
  if (requests?.answered === 0) return 'expected requests to be answered meanwhile, found none';
  return null;
}
