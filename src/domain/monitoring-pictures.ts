/** Small pictures in SVG, each with a title and a description for who cannot see it. */

const ROW = 16;
const LABEL_WIDTH = 150;
const WIDTH = 480;

/** One bar a name, with the limit as a line across it. */
export function bars(rows: readonly { readonly name: string; readonly value: number; readonly limit: number }[]): string {
  const most = Math.max(...rows.map(({ value, limit }) => Math.max(value, limit * 1.5)), 1e-9);
  const scale = (value: number): number => Math.min(1, Math.max(0, value / most)) * (WIDTH - LABEL_WIDTH);
  const parts = rows.map(({ name, value, limit }, at) => {
    const y = at * ROW;
    const x = LABEL_WIDTH + scale(limit);
    return `<text x="0" y="${y + 12}">${escape(name)}</text><rect class="${value > limit ? 'now' : 'before'}" x="${LABEL_WIDTH}" y="${y + 2}" width="${scale(value).toFixed(1)}" height="${ROW - 5}"/><line class="limit" x1="${x.toFixed(1)}" x2="${x.toFixed(1)}" y1="${y}" y2="${y + ROW - 1}"/>`;
  });
  const said = rows.map(({ name, value }) => `${name} ${value.toFixed(3)}`).join(', ');
  return figure('Distance of each feature from training', said, WIDTH, rows.length * ROW, parts.join(''));
}

/** Two bars a bin: now in front, before behind. */
export function pairedBars(title: string, bins: readonly string[], current: readonly number[], reference: readonly number[]): string {
  const [width, height, base] = [300, 110, 86];
  const most = Math.max(...current, ...reference, 1e-9);
  const step = width / bins.length;
  const bar = (share: number, kind: string, x: number, wide: number): string => {
    const tall = (share / most) * (base - 18);
    return `<rect class="${kind}" x="${x.toFixed(1)}" y="${(base - tall).toFixed(1)}" width="${wide.toFixed(1)}" height="${tall.toFixed(1)}"/>`;
  };
  const drawn = bins.map(
    (_, at) => bar(reference[at] ?? 0, 'before', at * step, step - 2) + bar(current[at] ?? 0, 'now', at * step + step / 4, step / 2 - 1),
  );
  const ends = `<text x="0" y="${base + 14}">${escape(bins[0] ?? '')}</text><text x="${width}" y="${base + 14}" text-anchor="end">${escape(bins.at(-1) ?? '')}</text>`;
  const said = bins
    .map((bin, at) => `${bin}: ${((current[at] ?? 0) * 100).toFixed(1)}%, before ${((reference[at] ?? 0) * 100).toFixed(1)}%`)
    .join('; ');
  return figure(title, said, width, height, `<text x="0" y="11">${escape(title)}</text>${drawn.join('')}${ends}`);
}

function figure(title: string, description: string, width: number, height: number, body: string): string {
  return `<svg role="img" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"><title>${escape(title)}</title><desc>${escape(description)}</desc>${body}</svg>`;
}

function escape(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
