import { spawn } from 'node:child_process';
import { SetupError } from './setup-error.mjs';

const keptChars = 20_000;
const running = new Set();

// Runs the command in a process group that ends when its standard input closes: a set-up that is killed outright must not
// leave an installation behind that writes beside the next one's.
const tied = `
exec 3<&0
"$@" </dev/null 3<&- &
command=$!
( read -r _ <&3; kill -KILL -$$ ) >/dev/null 2>&1 &
watch=$!
wait $command
code=$?
kill $watch 2>/dev/null
exit $code
`;

/**
 * Runs a command to its end, keeping the end of its output. Async, so that a lock held meanwhile can be refreshed.
 *
 * @param {string} file
 * @param {string[]} args
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv}} [options]
 * @returns {Promise<{code: number, output: string}>} code 127: there is no such command
 */
export function runCommand(file, args, { cwd, env = process.env } = {}) {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', tied, 'sh', file, ...args], { cwd, env, stdio: 'pipe', detached: true });
    child.on('spawn', () => running.add(child)).on('close', () => running.delete(child));
    let output = '';
    const keep = (chunk) => (output = (output + chunk).slice(-keptChars));
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.on('error', (error) => resolve({ code: 126, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/**
 * Ends all commands that still run, with their children, so that none goes on writing after its set-up gave up its lock.
 * At once: every step can be cut off anywhere, while npm asked politely spends seconds on undoing its work.
 */
export async function stopCommands() {
  const ends = [...running].map((child) => new Promise((resolve) => child.once('close', resolve)));
  for (const child of running) process.kill(-child.pid, 'SIGKILL');
  await Promise.all(ends);
}

/**
 * As runCommand, for an installation step.
 *
 * @param {string} what the step as a gerund phrase: "installing the Node packages"
 * @throws {SetupError} where the command fails: one sentence with the last line of its error and what to do
 */
export async function runInstall(what, file, args, options) {
  const { code, output } = await runCommand(file, args, options);
  if (code !== 0) throw new SetupError(explainFailure(what, output));
  return output;
}

/** One sentence about a failed step: disk, certificates, network or else, each with what to do. */
export function explainFailure(what, output) {
  const line = lastErrorLine(output);
  if (/ENOSPC|no space left on device|disk quota exceeded|os error 28\b/i.test(output))
    return `${what} failed, the disk is full: free 3 GB (or point RATCHET_CACHE at a larger disk), then run the same command again. Last line: ${line}`;
  if (/certificate.?verify|peer certificate|certificate signed by|self-signed certificate|_CERT_|x509:/i.test(output))
    return `${what} failed, this machine does not trust the certificate of the package registry: where a proxy signs for it, name the file of its certificate in NODE_EXTRA_CA_CERTS, SSL_CERT_FILE and PIP_CERT, then run the same command again. Last line: ${line}`;
  if (
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|network|name resolution|dns error|connect error|error sending request|failed to fetch|no matching distribution|NewConnectionError|ProxyError|dial tcp/i.test(
      output,
    )
  )
    return `${what} failed, the package registry could not be reached: check the network or the proxy settings, then run the same command again; what was downloaded is kept. Last line: ${line}`;
  return `${what} failed: ${line}`;
}

/** The line that says most: npm explains first and ends with advice, the others end with the cause. */
function lastErrorLine(output) {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter(
      (line) =>
        line && !/^(npm notice|npm warn|npm error( (A complete log|code|errno|syscall|path|type|signal).*)?$|\[notice\]|hint:)/.test(line),
    );
  const line = lines.find((text) => text.startsWith('npm error')) ?? lines.at(-1) ?? 'it said nothing';
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
