import { judgeRefit } from '../src/domain/decide/judge-refit.js';
import { estimatePaired } from '../src/domain/decide/paired-estimate.js';
import { GatesSpec } from '../src/domain/gate.js';
import type { AgreeOutput } from '../src/domain/stage-jobs.js';
import { jsonOfPython } from './json-of-python.js';
import { machineInWords, summarise } from './measure.js';

/** What bench/refit.py writes: a refit beside its judged sibling on 28 days that only the refit was trained on. */
interface Refit extends Omit<AgreeOutput, 'probes'> {
  /** null: all three. */
  readonly airport: string | null;
  /** The day after the last one that was trained on. */
  readonly end: string;
  readonly kind: 'honest' | 'shuffled';
}

const gates = GatesSpec.parse({ probes: 'report' });
const KINDS = { honest: 'honest refits', shuffled: "refits with the holdout's labels shuffled" } as const;

/**
 * How often the gate of refits lets an honest one through, and one whose newest labels are noise: by rank correlation alone
 * (`gates.refitAgreementMin`), and as it is judged, by what the refit explains of the rows that it was trained on as well.
 */
export async function run(): Promise<void> {
  const started = performance.now();
  console.log(`${machineInWords()}; the recipe of examples/flight-lateness/watched.yaml`);
  const refits = await jsonOfPython<Refit[]>('refit.py');
  for (const each of refits) console.log(inWords(each));
  console.log('');
  for (const kind of ['honest', 'shuffled'] as const) {
    const own = refits.filter((each) => each.kind === kind);
    const { min, median, max } = summarise(own.map(({ rankCorrelation }) => rankCorrelation));
    console.log(
      `${KINDS[kind]}: ${own.length}; rank correlation ${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)}); ` +
        `let through by rank correlation alone ${own.filter((each) => passes({ ...each, differences: undefined })).length}, as judged ${own.filter(passes).length}`,
    );
  }
  console.log(`${((performance.now() - started) / 1000).toFixed(1)} s`);
}

function passes({ rows, rankCorrelation, meanAbsoluteDifference, differences }: Refit): boolean {
  const agreement = { rows, rankCorrelation, meanAbsoluteDifference, probes: [], ...(differences && { differences }) };
  return judgeRefit({ gates, policyDigest: `sha256:${'0'.repeat(64)}`, agreement }).next === 'proceed';
}

function inWords(refit: Refit): string {
  const estimate = estimatePaired(refit.differences?.logLoss);
  const change = estimate.known ? `${estimate.delta.toFixed(4)} ± ${estimate.standardError.toFixed(4)}` : estimate.reason;
  const said = passes(refit) ? 'passes' : 'is stopped';
  return `${(refit.airport ?? 'all').padEnd(3)} to ${refit.end}  ${refit.kind.padEnd(8)}  rank correlation ${refit.rankCorrelation.toFixed(3)}  log-loss ${change}: ${said}`;
}
