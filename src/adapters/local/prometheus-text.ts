/** One line of a metrics page. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Prometheus' text format, without its comments; a line that is none of it is left out. */
export function parseSamples(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
    if (name === undefined || value === undefined) return [];
    const pairs = [...labels.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text]) => [key, unescape(text!)]);
    return [{ name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) }];
  });
}

/** The sum of a metric over all its samples that `labels` match. */
export function sumOf(samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>> = {}): number {
  const matching = samples.filter(
    (sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  );
  return matching.reduce((sum, { value }) => sum + value, 0);
}

/**
 * A histogram's counts per bucket out of the cumulative ones, summed over the samples given.
 * @param edges upper edges, in the metric's own unit; each must be an edge of the metric
 * @returns edges.length + 1 numbers; null where the metric has an edge that is not among them, or lacks one
 */
export function bucketCounts(samples: readonly Sample[], edges: readonly number[]): number[] | null {
  const cumulative = new Map<number, number>();
  for (const { labels, value } of samples) {
    const edge = Number(labels['le']?.replace('+Inf', 'Infinity'));
    cumulative.set(edge, (cumulative.get(edge) ?? 0) + value);
  }
  const all = [...edges, Infinity];
  if (cumulative.size === 0) return all.map(() => 0);
  if (cumulative.size !== all.length || !all.every((edge) => cumulative.has(edge))) return null;
  return all.map((edge, at) => cumulative.get(edge)! - (at === 0 ? 0 : cumulative.get(all[at - 1]!)!));
}

function unescape(text: string): string {
  return text.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}
