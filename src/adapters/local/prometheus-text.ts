/** One line of Prometheus' text format. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The samples of a text in Prometheus' exposition format 0.0.4; what is no sample is left out. */
export function parsePrometheus(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/.exec(line);
    if (match === null) return [];
    const labels = [...(match[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name!, value!] as const);
    return [{ name: match[1]!, labels: Object.fromEntries(labels), value: Number(match[3]) }];
  });
}

/** The sum over all samples of that name and those labels; 0 where there is none. */
export function valueOf(samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>> = {}): number {
  const wanted = Object.entries(labels);
  return samples
    .filter((sample) => sample.name === name && wanted.every(([label, value]) => sample.labels[label] === value))
    .reduce((sum, { value }) => sum + value, 0);
}

/** A histogram in seconds, cumulative, by its edges in milliseconds. */
export function bucketsOf(samples: readonly Sample[], name: string): Map<number, number> {
  const buckets = new Map<number, number>();
  for (const sample of samples) {
    if (sample.name !== `${name}_bucket` || sample.labels['le'] === '+Inf') continue;
    const edgeMs = Math.round(Number(sample.labels['le']) * 1e6) / 1000;
    buckets.set(edgeMs, (buckets.get(edgeMs) ?? 0) + sample.value);
  }
  return buckets;
}
