import { expect, test } from 'vitest';
import { readModelFile } from '../../../src/client/model-file/read-model-file.js';
import { GOOD_MODEL_FILE, NOW_MS } from './good-model-file.js';

const served = `${GOOD_MODEL_FILE}  serving: {}\n`;
const daily = 'schedule: { kind: cron, cron: "0 7 * * *", timeZone: America/New_York }';

test.for<[name: string, text: string, told: RegExp | null]>([
  ['daily', `${served}  monitoring: { ${daily} }\n`, null],
  ['every hour', `${served}  monitoring: { schedule: { kind: interval, everyMinutes: 60 } }\n`, null],
  ['only by hand', `${served}  monitoring: {}\n`, null],
  [
    'of a feature that is named as the log names its own',
    `${served.replace('name: distance', 'name: version')}  monitoring: {}\n`,
    /features\[0\]\.name".*expected another name beside `monitoring`, found .*version.*, which the log/,
  ],
  ['of a feature that is named as what nobody reads', `${served.replace('name: distance', 'name: instance')}  monitoring: {}\n`, null],
  ['of a model that answers nothing', `${GOOD_MODEL_FILE}  monitoring: {}\n`, /expected a model that answers requests/],
  ['at an hour that no day has', `${served}  monitoring: { schedule: { kind: cron, cron: "0 25 * * *" } }\n`, /an hour from 0 to 23/],
  ['in a zone that is none', `${served}  monitoring: { ${daily.replace('New_York', 'New_Yrok')} }\n`, /an IANA time zone/],
  ['that can never be found so often', `${served}  monitoring: { answers: { decay: { foundMin: 4 } } }\n`, /at most ofWindows, 3/],
  ['that refuses all requests', `${served}  monitoring: { answers: { decay: { action: pauseServing } } }\n`, null],
  [
    'that would mend missing requests by refusing them',
    `${served}  monitoring: { answers: { traffic: { action: pauseServing } } }\n`,
    /refusing all requests does not mend this/,
  ],
  [
    'that refuses requests where a mesh divides them',
    `${GOOD_MODEL_FILE}  serving: { cluster: { kind: kubernetes, image: "m:1", router: { kind: istio, gateways: [a/b], hosts: [c] } } }\n` +
      '  monitoring: { answers: { decay: { action: pauseServing } } }\n',
    /divided by istio, and only the proxy of the worker/,
  ],
  ['that fits answers to newer labels', `${served}  monitoring: { answers: { decay: { action: recalibrate } } }\n`, null],
  [
    'that would mend old data by it',
    `${served}  monitoring: { answers: { staleness: { action: recalibrate } } }\n`,
    /mends only decay and calibration/,
  ],
  ['with a limit that is none', `${served}  monitoring: { kpis: [{ name: revenue }] }\n`, /min, max or both/],
  ['with a misspelt threshold', `${served}  monitoring: { thresholds: { driftStatisticsMax: 1 } }\n`, /driftStatisticMax/],
])('monitoring, %s', ([, text, told]) => {
  const { problems } = readModelFile(text, { file: 'm', nowMs: NOW_MS });
  const found = problems
    .filter(({ path, severity }) => /^spec\.(monitoring|data\.features)/.test(path) && severity === 'error')
    .map((problem) => JSON.stringify(problem));
  if (told === null) expect(found).toEqual([]);
  else expect(found.join('\n')).toMatch(told);
});
