import { z } from 'zod';

/** RFC 7517; what a key is made of is for the proxy to check. */
const KeySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) });

const TEXT_LENGTH_MAX = 64 * 1024;

/** What is wrong with the text of a JWKS file, in words that follow "found"; null: nothing. Pure. Never repeats what it holds. */
export function faultOfKeys(text: string): string | null {
  if (text.length > TEXT_LENGTH_MAX) return 'more than 64 KiB';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'no JSON';
  }
  const { data } = KeySet.safeParse(value);
  if (data === undefined) return 'JSON without a list `keys` of at least one key with its `kty`';
  // It would stand in the ledger's store for ever.
  return data.keys.some((key) => 'd' in key || 'k' in key) ? 'a private or a secret key: only public ones belong there' : null;
}
