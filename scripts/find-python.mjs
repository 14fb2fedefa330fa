import { runCommand } from './command.mjs';
import { SetupError } from './setup-error.mjs';

// python3 first: it is what the user means by Python, and asking a version manager's shim for a version costs 0.3 s.
const names = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.14', 'python'];
const probe =
  "import sys, importlib.util as u; print('ratchet-python', *sys.version_info[:2], sys.platform, u.find_spec('ensurepip') is not None, sys.executable)";

/**
 * The first Python >= 3.11 that can make environments, by name in PATH; RATCHET_PYTHON names one explicitly. A name that
 * does not run (a version manager's shim without a version behind it) is passed over.
 *
 * @returns {Promise<{path: string, minor: string, platform: string}>} minor as "3.11"
 * @throws {SetupError} none is found: the sentence says whether it is missing, too old, or lacks its venv module
 */
export async function findPython() {
  const named = process.env.RATCHET_PYTHON;
  const refused = [];
  for (const name of named ? [named] : names) {
    const found = await probePython(name);
    if (!found) continue;
    if (found.major !== 3 || found.minor < 11) refused.push(`${name} is ${found.major}.${found.minor}, too old`);
    else if (!found.hasVenv) refused.push(`${name} (3.${found.minor}) lacks ensurepip (Debian, Ubuntu: apt install python3-venv)`);
    else return { path: found.executable, minor: `3.${found.minor}`, platform: found.platform };
  }
  throw new SetupError(
    `needs Python 3.11 or newer${named ? ' (RATCHET_PYTHON is set to ' + named + ')' : ''}; found ${refused.join('; ') || 'none that runs'}. ` +
      'Install it so that python3 is in PATH, or set RATCHET_PYTHON to one, then run the same command again.',
  );
}

async function probePython(name) {
  const { code, output } = await runCommand(name, ['-I', '-S', '-c', probe]);
  const match = /ratchet-python (\d+) (\d+) (\S+) (True|False) (.+)/.exec(output);
  if (code !== 0 || !match) return undefined;
  const [, major, minor, platform, hasVenv, executable] = match;
  return { major: Number(major), minor: Number(minor), platform, hasVenv: hasVenv === 'True', executable };
}
