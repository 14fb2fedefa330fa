import type { Finding } from '../problem.js';
import { faultOfKeys } from '../public-keys.js';
import type { Rule } from './rule.js';

/** The file with the public keys of `serving.jwt`: there, readable, and of public keys. */
export const checkServingKeys: Rule = ({ serving }, { readText }) => {
  const file = serving?.jwt?.jwksFile;
  if (file === undefined || readText === null) return [];
  const text = readText(file);
  const fault = typeof text === 'string' ? faultOfKeys(text) : text.code;
  if (fault === null) return [];
  // An absolute path may be one of another machine, that of the proxy.
  const severity = file.startsWith('/') && typeof text !== 'string' ? 'warning' : 'error';
  const finding: Finding = {
    path: ['spec', 'serving', 'jwt', 'jwksFile'],
    severity,
    expected: 'a file with public keys (JWKS) that can be read',
    found: fault === 'ENOENT' ? `no "${file}" there` : `"${file}": ${fault}`,
    remedy: severity === 'warning' ? 'it must be there on the machine of the proxy' : 'paths are relative to the folder of the model file',
  };
  return [finding];
};
