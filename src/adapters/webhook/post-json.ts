import { RatchetError } from '../../domain/failure.js';

export interface JsonPost {
  /** For messages: who is told. Never an address that is a secret. */
  readonly what: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  /** Never said, also where the receiver says it. */
  readonly secrets: readonly string[];
}

/** @throws {RatchetError} NotifierUnavailable: no answer, or not 2xx. Always worth another try: people may mend the receiver. */
export async function postJson({ what, url, headers, body, timeoutMs, secrets }: JsonPost): Promise<void> {
  let response: Response;
  let words: string;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      redirect: 'manual', // a redirect would carry what it says to somebody else
      signal: AbortSignal.timeout(timeoutMs),
    });
    words = (await response.text()).slice(0, 200);
  } catch (error) {
    throw new RatchetError('NotifierUnavailable', `${what}: expected an answer, found ${networkWords(error, timeoutMs)}`, {
      remedy: 'start the receiver, or correct its address in notices.yaml: it is tried again for three days',
    });
  }
  if (response.ok) return;
  const said = secrets.reduce((text, secret) => text.replaceAll(secret, '…'), words);
  throw new RatchetError('NotifierUnavailable', `${what}: expected HTTP 2xx, found ${response.status} ${said}`.trim(), {
    remedy: 'correct the route in notices.yaml or its secret: it is tried again for three days',
  });
}

/** By its code alone: the message may name the address. */
function networkWords(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return 'none';
  if (error.name === 'TimeoutError') return `none within ${timeoutMs} ms`;
  return error.cause instanceof Error && 'code' in error.cause ? String(error.cause.code) : 'none';
}
