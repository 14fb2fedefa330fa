import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createLocalObjectStore } from '../../src/adapters/local/object-store.js';
import { listModels, readRecords } from '../../src/client/ledger-view.js';
import { startQuickStack, type QuickStack } from '../chaos/quick-stack.js';
import { temporaryFolder } from '../temporary-folder.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const templates = join(root, 'deploy/ci');
const text = (name: string): string => readFileSync(join(templates, name), 'utf8');

/** What a template runs, word for word, and the variables that its system sets. */
interface Template {
  readonly check: string;
  readonly apply: string;
  /** Of a pull request: from what to what. */
  variables(base: string, commit: string): Record<string, string>;
  /** Those of them that a push to the branch in force has none of. */
  readonly ofRequests: readonly string[];
}

interface Step {
  readonly if?: string;
  readonly run?: string;
  readonly env?: Record<string, string>;
}

function github(): Template {
  const { steps } = (parse(text('github/action.yml')) as { runs: { steps: Step[] } }).runs;
  const runOf = (what: string): string => {
    const step = steps.find((candidate) => candidate.if === `\${{ inputs.do == '${what}' }}`);
    expect(step?.env).toEqual({ BASE: '${{ inputs.base }}' });
    return step!.run!;
  };
  const actionPath = 'ci/ratchet/github';
  return {
    check: runOf('check'),
    apply: runOf('apply'),
    variables: (base, commit) => ({ BASE: base, GITHUB_SHA: commit, GITHUB_ACTION_PATH: actionPath }),
    ofRequests: [],
  };
}

function gitlab(): Template {
  const jobs = parse(text('gitlab-ci.yml')) as Record<string, { script: string[] }>;
  return {
    check: jobs['ratchet-check']!.script.join('\n'),
    apply: jobs['ratchet-apply']!.script.join('\n'),
    variables: (base, commit) => ({ CI_MERGE_REQUEST_DIFF_BASE_SHA: base, CI_COMMIT_BEFORE_SHA: base, CI_COMMIT_SHA: commit }),
    ofRequests: ['CI_MERGE_REQUEST_DIFF_BASE_SHA'],
  };
}

function jenkins(): Template {
  const [check, apply] = [...text('Jenkinsfile').matchAll(/'(sh ci\/ratchet\/[^']+)'/g)].map(([, command]) => command!);
  // Jenkins fetches the target branch; here it is a ref of the same name.
  return {
    check: check!,
    apply: apply!,
    variables: (base, commit) => ({ CHANGE_TARGET: 'main', GIT_PREVIOUS_SUCCESSFUL_COMMIT: base, GIT_COMMIT: commit }),
    ofRequests: ['CHANGE_TARGET'],
  };
}

test('the workflow of GitHub uses the action with what it asks for', () => {
  const { jobs } = parse(text('github/workflow.yml')) as {
    jobs: Record<string, { steps: { uses: string; with: Record<string, unknown> }[] }>;
  };
  const uses = Object.entries(jobs).map(([name, { steps }]) => [
    name,
    steps.at(-1)!.uses,
    Object.keys(steps.at(-1)!.with),
    steps.at(-1)!.with['do'],
  ]);
  expect(jobs['apply']).toMatchObject({ needs: 'check' });
  expect(uses).toEqual(['check', 'apply'].map((name) => [name, './ci/ratchet/github', ['do', 'base'], name]));
});

describe('in a scratch repository', () => {
  let stack: QuickStack;
  beforeAll(async () => {
    stack = await startQuickStack();
  });
  afterAll(async () => stack?.stop());

  test.for<[string, Template]>([
    ['GitHub', github()],
    ['GitLab', gitlab()],
    ['Jenkins', jenkins()],
  ])(
    'a change goes through the commands of %s: checked without a trace, applied, and promoted for its commit',
    async ([name, template]) => {
      const repository = temporaryFolder();
      const model = `quick-${name.toLowerCase()}`;
      const git = (...args: string[]): string =>
        execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
          cwd: repository,
          encoding: 'utf8',
          stdio: 'pipe',
        }).trim();
      writeModel(repository, 'models/très quick', model);
      writeModel(repository, 'models/other', 'other');
      cpSync(templates, join(repository, 'ci/ratchet'), { recursive: true });
      git('init', '--quiet', '--initial-branch=main');
      git('add', '.');
      git('commit', '--quiet', '-m', 'before');
      const base = git('rev-parse', 'HEAD');
      git('update-ref', 'refs/remotes/origin/main', base);
      writeFileSync(join(repository, 'models/très quick/train.py'), '# changed\n', { flag: 'a' });
      git('commit', '--quiet', '-am', 'another trainer');
      const commit = git('rev-parse', 'HEAD');
      const temporary = join(repository, '.tmp');
      mkdirSync(temporary);
      const environment = { ...environmentOf(stack), ...template.variables(base, commit), TMPDIR: temporary };
      const store = createLocalObjectStore(stack.home.storeFolder);

      const pushed = Object.fromEntries(Object.entries(environment).filter(([variable]) => !template.ofRequests.includes(variable)));
      for (const event of [environment, pushed]) {
        const checked = await run(repository, template.check, event);
        expect(checked.output).toContain('== models/très quick/model.yaml');
        expect(checked.output).not.toContain('models/other');
        expect(checked.output).toContain('the dry run went through');
        expect(checked.code).toBe(0);
      }
      expect(await listModels(store)).not.toContain(model);
      expect(readdirSync(temporary).filter((entry) => entry.startsWith('ratchet-dry-'))).toEqual([]);

      const applied = await run(repository, template.apply, environment);
      expect(applied.output).toContain('promoted');
      expect(applied.code).toBe(0);
      const started = (await readRecords(store, model)).flatMap(({ body }) => (body.kind === 'cycle-started' ? [body.trigger] : []));
      expect(started).toMatchObject([{ kind: 'ci', commit }]);
      expect(await listModels(store)).not.toContain('other');

      // The pipeline is started again: the same wish, told as it ended.
      expect((await run(repository, template.apply, environment)).code).toBe(0);
      expect((await readRecords(store, model)).filter(({ body }) => body.kind === 'cycle-started')).toHaveLength(1);
    },
  );

  test('a trainer that is broken stops the change, and a change elsewhere asks for nothing', async () => {
    const repository = temporaryFolder();
    writeModel(repository, 'models/quick', 'quick-broken');
    writeFileSync(join(repository, 'models/quick/train.py'), 'raise SystemExit("no such column")\n');
    cpSync(templates, join(repository, 'ci/ratchet'), { recursive: true });
    const git = (...args: string[]): Buffer =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], { cwd: repository });
    git('init', '--quiet');
    git('add', '.');
    git('commit', '--quiet', '-m', 'first');
    const environment = environmentOf(stack);
    // A base that nobody knows, as of a first push: all models are checked.
    const first = await run(repository, `sh ci/ratchet/check-model.sh ${'0'.repeat(40)}`, environment);
    expect(first.output).toContain('no such column');
    expect(first.code).toBe(1);
    writeFileSync(join(repository, 'README'), 'words\n');
    git('add', '.');
    git('commit', '--quiet', '-m', 'words');
    const second = await run(repository, 'sh ci/ratchet/check-model.sh HEAD~1', environment);
    expect(second).toEqual({ code: 0, output: 'no model changed since HEAD~1\n' });
  });
});

/** The quick model, under another name, which needs no people. */
function writeModel(repository: string, folder: string, name: string): void {
  const target = join(repository, folder);
  cpSync(join(root, 'test/chaos/quick-model'), target, { recursive: true });
  const file = join(target, 'model.yaml');
  const model = readFileSync(file, 'utf8')
    .replace('name: quick,', `name: ${name},`)
    .replace('@TRAININGS_FILE@', join(repository, '.trainings'))
    .replace('whenNoChampion: requireApproval', 'whenNoChampion: pass')
    .replace('requiredFor: always', 'requiredFor: exceptions');
  writeFileSync(file, model);
}

function environmentOf({ home }: QuickStack): NodeJS.ProcessEnv {
  return {
    ...process.env,
    RATCHET: `${process.execPath} ${join(root, 'dist/cli/main.js')}`,
    RATCHET_HOME: home.path,
    RATCHET_STEPS_PATH: join(home.path, '../steps'),
    RATCHET_WAIT: '2m',
  };
}

function run(cwd: string, command: string, env: NodeJS.ProcessEnv): Promise<{ code: number; output: string }> {
  const child = spawn('sh', ['-ec', command], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code: code ?? 1, output })));
}
