import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { packageRoot } from './cache-folder.mjs';
import { ensurePythonEnv, ensureTestPythonEnv } from './python-env.mjs';
import { setUp } from './setup.mjs';
import { runScript } from './run-script.mjs';
import { SetupError } from './setup-error.mjs';

/**
 * `npm test [-- --only unit|integration|chaos|traffic|wiring|cluster|cluster-parts|cluster-rollouts|python]`: the set-up,
 * the tests, and a last line `N passed, N failed`. Exit code 1 where any failed or a runner broke.
 */
const suites = {
  unit: () => runVitest(['unit']),
  integration: () => runVitest(['integration']),
  chaos: () => runVitest(['chaos']),
  traffic: () => runVitest(['traffic']),
  wiring: () => runVitest(['wiring']),
  cluster: async () => add(await suites['cluster-parts'](), await suites['cluster-rollouts']()), // one control plane at a time
  'cluster-parts': () => runVitest(['cluster', 'minio']),
  'cluster-rollouts': () => runVitest(['rollouts']),
  python: runPytest,
};
const needsEnvironments = ['integration', 'chaos', 'traffic', 'wiring', 'cluster', 'cluster-parts', 'cluster-rollouts', 'python'];

const folder = mkdtempSync(join(tmpdir(), 'ratchet-test-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
await runScript(async () => {
  const chosen = parseArgs(process.argv.slice(2));
  if (chosen.some((name) => needsEnvironments.includes(name))) await setUp({ withTest: true });
  let totals = { passed: 0, failed: 0, skipped: 0 };
  for (const name of chosen) {
    console.log(`\n== ${name} tests`);
    const counts = await suites[name]();
    totals = add(totals, counts);
  }
  if (chosen.length > 1) console.log('\nnot run here: the tests on a Kubernetes cluster and of S3 on MinIO (npm run test:cluster)');
  if (totals.skipped > 0) console.log(`\n${totals.skipped} skipped: what they need and is not here, the set-up said above`);
  console.log(`\n${totals.passed} passed, ${totals.failed} failed`);
  process.exitCode = totals.failed > 0 || totals.passed + totals.skipped === 0 ? 1 : 0;
});

function add(one, other) {
  return { passed: one.passed + other.passed, failed: one.failed + other.failed, skipped: one.skipped + other.skipped };
}

function parseArgs(args) {
  if (args.length === 0) return ['unit', 'python', 'integration'];
  if (args.length === 2 && args[0] === '--only' && args[1] in suites) return [args[1]];
  throw new SetupError(`unknown arguments "${args.join(' ')}"; expected nothing or --only ${Object.keys(suites).join('|')}`);
}

async function runVitest(projects) {
  const report = join(folder, `${projects.join('-')}.json`);
  const cli = join(packageRoot, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [cli, 'run', ...projects.flatMap((project) => ['--project', project]), '--passWithNoTests'];
  const code = await run(process.execPath, [...args, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]);
  return settle(code, existsSync(report) ? countVitest(JSON.parse(readFileSync(report, 'utf8'))) : undefined);
}

/** A test file that fails to load has no failed test in the report: it counts as one. */
function countVitest({ numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults }) {
  const broken = testResults.filter((file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'));
  return { passed: numPassedTests, failed: numFailedTests + broken.length, skipped: numPendingTests + numTodoTests };
}

async function runPytest() {
  const folders = ['steps', 'test', 'examples'].filter((path) => existsSync(join(packageRoot, path)));
  const [{ python }, layer] = await Promise.all([ensurePythonEnv(), ensureTestPythonEnv()]);
  const site = JSON.parse(await outputOf(layer.python, ['-c', 'import json,site; print(json.dumps(site.getsitepackages()))']));
  const { PYTHONDONTWRITEBYTECODE: _, ...env } = process.env;
  const pythonPath = [join(packageRoot, 'steps'), ...site].join(delimiter);
  const report = join(folder, 'pytest.xml');
  const args = ['-m', 'pytest', '-q', '-rs', '-p', 'no:cacheprovider', '--import-mode=importlib', `--junit-xml=${report}`];
  const code = await run(python, [...args, ...folders], { ...env, PYTHONPATH: pythonPath, OMP_NUM_THREADS: '1' });
  const noTests = code === 5;
  return settle(noTests ? 0 : code, existsSync(report) ? countPytest(readFileSync(report, 'utf8')) : undefined);
}

function countPytest(xml) {
  const suite = /<testsuite [^>]*>/.exec(xml)?.[0] ?? '';
  const count = (name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const failed = count('failures') + count('errors');
  return { passed: count('tests') - failed - count('skipped'), failed, skipped: count('skipped') };
}

/** A runner that ends badly without naming a failed test has failed all the same. */
function settle(code, counts = { passed: 0, failed: 0, skipped: 0 }) {
  if (code === 0 || counts.failed > 0) return counts;
  console.log(`the runner ended with exit code ${code} though no test failed: counted as one failure`);
  return { ...counts, failed: 1 };
}

function run(file, args, env = process.env) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: packageRoot, env, stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', reject).on('close', (code) => resolve(code ?? 1));
  });
}

async function outputOf(file, args) {
  const { runCommand } = await import('./command.mjs');
  return (await runCommand(file, args)).output;
}
