/** How figures stand in the sentences of findings. */
export const percent = (share: number): string => `${(share * 100).toFixed(share !== 0 && Math.abs(share) < 0.1 ? 1 : 0)}%`;
export const figure = (value: number): string => value.toFixed(3);
export const count = (rows: number): string => rows.toLocaleString('en-US');

/** At most three names, and how many more. */
export function named(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
