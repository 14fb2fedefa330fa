import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';

/** The custom resource definitions that the tests install come from here; the sums are those of Go's own checksum database. */
const modules = {
  'github.com/argoproj/argo-rollouts': { version: 'v1.10.0', sum: 'h1:1/DTeu/eGzJzcz8FxMBFzr0jlNQia/lnctkw83AUph0=' },
  'istio.io/api': { version: 'v1.31.1', sum: 'h1:5Yb5ihcz4YQsCkciusK7DnFpBMwRB6EFWeUKH1Atuyk=' },
  'sigs.k8s.io/gateway-api': { version: 'v1.5.1', sum: 'h1:RqVRIlkhLhUO8wOHKTLnTJA6o/1un4po4/6M1nRzdd0=' },
} as const;

/** The folder of a module's sources, fetched where it is missing. @throws {Error} Go said no, or these are not the sources that we know */
export async function goModuleFolder(path: keyof typeof modules): Promise<string> {
  const { version, sum } = modules[path];
  const { stdout } = await promisify(execFile)('go', ['mod', 'download', '-json', `${path}@${version}`], {
    cwd: tmpdir(), // outside of any Go module
    env: { ...process.env, GOFLAGS: '' },
  });
  const found = JSON.parse(stdout) as { Dir: string; Sum: string };
  if (found.Sum !== sum) throw new Error(`Go module ${path} ${version}: expected ${sum}, found ${found.Sum}`);
  return found.Dir;
}
