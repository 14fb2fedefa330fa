import { bars, pairedBars } from './monitoring-pictures.js';
import type { CohortResult, MonitorOutput } from './monitor-jobs.js';
import type { MonitoredWindow } from './monitoring.js';

const STATE_WORDS = { ok: '✓ ok', found: '● found', inconclusive: '? inconclusive', provisional: '… provisional' } as const;
const PICTURED_MAX = 8;

/** A page that says what was found in a window and shows from what: one file, nothing is fetched, readable without its pictures. */
export function monitoringReport({ model, window, version, findings, requests }: MonitoredWindow, output: MonitorOutput): string {
  const title = `${model}: ${minute(window.start)} to ${minute(window.end)}`;
  const rows = findings.map(({ kind, state, sentence }) => [kind, STATE_WORDS[state], sentence]);
  return page(title, [
    `<h1>${text(title)}</h1><p>Champion ${text(version)}. Times are in UTC.</p>`,
    `<h2>Findings</h2>${table(
      ['what', 'state', 'in words'],
      rows,
      findings.map(({ state }) => state),
    )}`,
    requestSection(requests),
    driftSection(output),
    predictionSection(output),
    cohortSection(output.cohort),
    labelSection(output),
    `<h2>The log</h2>${table(
      ['what', 'count'],
      Object.entries({ ...output.log, asked: output.trafficRows, answeredByChampion: output.servedRows }).map(([name, value]) => [
        name,
        String(value),
      ]),
    )}`,
  ]);
}

function requestSection(requests: MonitoredWindow['requests']): string {
  if (requests === undefined) return '';
  if (requests === null) return '<h2>Requests</h2><p>They were not counted.</p>';
  const rows = requests.arms.map(({ arm, version, requests: asked, errors }) => [
    arm,
    version,
    String(asked),
    String(errors),
    `${((100 * errors) / asked).toFixed(2)}%`,
  ]);
  const words = `As the proxy counted them from ${minute(requests.from)} to ${minute(requests.to)}; an error is what was not answered with 2xx.`;
  return `<h2>Requests</h2><p>${text(words)}</p>${table(['arm', 'version', 'requests', 'errors', 'share'], rows)}`;
}

function driftSection({ drift, quality }: MonitorOutput): string {
  if (drift.columns.length === 0) return '';
  const columns = [...drift.columns].sort((a, b) => b.statistic - a.statistic);
  const byName = new Map(quality.map((feature) => [feature.feature, feature]));
  const rows = columns.map(({ column, test, statistic, threshold, drifted }) => {
    const feature = byName.get(column);
    const share = (value: number | undefined): string => (value === undefined ? '' : `${(value * 100).toFixed(1)}%`);
    return [
      column,
      test,
      statistic.toFixed(3),
      String(threshold),
      drifted ? 'yes' : 'no',
      share(feature?.nullShare),
      share(feature?.outOfRangeShare),
      share(feature?.unseenShare),
    ];
  });
  const pictures = columns.slice(0, PICTURED_MAX).map(({ column }) => {
    const histogram = byName.get(column)?.histogram;
    return histogram === undefined || histogram.bins.length === 0
      ? ''
      : pairedBars(column, histogram.bins, histogram.current, histogram.reference);
  });
  const head = ['feature', 'test', 'distance', 'threshold', 'drifted', 'null', 'out of range', 'unseen'];
  return `<h2>Features against the training snapshot</h2>${bars(columns.map(({ column, statistic, threshold }) => ({ name: column, value: statistic, limit: threshold })))}${table(head, rows)}<div class="pictures">${pictures.join('')}</div>`;
}

function predictionSection({ predictions }: MonitorOutput): string {
  if (predictions === null) return '';
  const bins = predictions.histogram.map((_, bin) => (bin / 20).toFixed(2));
  const words = `Distance ${predictions.statistic.toFixed(3)} (${predictions.test}), threshold ${predictions.threshold}; mean ${predictions.mean.toFixed(3)}, in training ${predictions.meanReference.toFixed(3)}.`;
  return `<h2>Answers</h2><p>${text(words)}</p><div class="pictures">${pairedBars('probability', bins, predictions.histogram, predictions.histogramReference)}</div>`;
}

function cohortSection(cohort: CohortResult | null): string {
  if (cohort === null) return '<h2>Mature predictions</h2><p>There are none yet.</p>';
  const rows = Object.entries(cohort.arms).flatMap(([name, arm]) => {
    if (arm === null) return [];
    const difference = name === 'served' ? undefined : cohort.differences[name as keyof CohortResult['differences']]?.logLoss?.delta;
    const metric = (value: number | null | undefined): string => (value == null ? '' : value.toFixed(4));
    const { auc, logLoss, brier } = arm.metrics;
    return [[name, metric(auc), metric(logLoss), metric(brier), metric(arm.calibration.meanPrediction), metric(difference)]];
  });
  const bins = cohort.arms.served?.calibration.bins ?? [];
  const reliability =
    bins.length === 0
      ? ''
      : pairedBars(
          'calibration by score: predicted (dark) and true rate (light)',
          bins.map((bin) => bin.meanPrediction.toFixed(2)),
          bins.map((bin) => bin.meanPrediction),
          bins.map((bin) => bin.rate),
        );
  const words = `${cohort.labelledRows} of ${cohort.rows} predictions from ${minute(cohort.window.start)} to ${minute(cohort.window.end)} have a label; the fresh refit learnt from ${cohort.learntRows} rows. Resampled by ${cohort.blocks ?? 'nothing'}.`;
  const head = ['arm', 'AUC', 'log-loss', 'Brier', 'mean prediction', 'log-loss: served less this'];
  return `<h2>Mature predictions</h2><p>${text(words)}</p>${table(head, rows)}<div class="pictures">${reliability}</div>`;
}

function labelSection({ labels, kpis }: MonitorOutput): string {
  if (labels === null) return '';
  const { days: _days, torn, ...counts } = labels;
  const rows = [
    ...Object.entries(counts).map(([name, count]) => [name, String(count)]),
    ...torn.map((file) => ['cannot be read', file]),
    ...kpis.map(({ name, mean }) => [`mean of ${name}`, `${mean.delta.toPrecision(4)} (${mean.rows} rows)`]),
  ];
  return `<h2>Labels</h2>${table(['what', 'count'], rows)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[], classes: readonly string[] = []): string {
  const cells = (row: readonly string[]): string =>
    row.map((cell, at) => (at === 0 ? `<th scope="row">${text(cell)}</th>` : `<td>${text(cell)}</td>`)).join('');
  const body = rows.map((row, at) => `<tr${classes[at] === undefined ? '' : ` class="${classes[at]}"`}>${cells(row)}</tr>`).join('');
  return `<table><thead><tr>${head.map((cell) => `<th scope="col">${text(cell)}</th>`).join('')}</tr></thead><tbody>${body}</tbody></table>`;
}

function page(title: string, sections: readonly string[]): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${text(title)}</title><style>${STYLE}</style></head><body><main>${sections.join('\n')}</main></body></html>\n`;
}

const STYLE = [
  ':root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}',
  'table{border-collapse:collapse;width:100%;margin:1rem 0}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #8886;vertical-align:top}',
  'tr.found td:nth-child(2){font-weight:700;color:light-dark(#a40e26,#ff8b8b)}tr.ok td:nth-child(2){color:light-dark(#116329,#7ee2a0)}',
  '.pictures{display:flex;flex-wrap:wrap;gap:1rem}svg{max-width:100%;height:auto}svg text{fill:currentColor;font:11px system-ui,sans-serif}',
  '.now{fill:light-dark(#0550ae,#79b8ff)}.before{fill:#8888}.limit{stroke:light-dark(#a40e26,#ff8b8b)}',
].join('');

function minute(time: string): string {
  return new Date(time).toISOString().slice(0, 16).replace('T', ' ');
}

function text(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
