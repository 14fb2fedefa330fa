import { Agent, request } from 'node:http';

export interface SteadyCallersOptions {
  /** The whole address of the question. */
  readonly url: string;
  /** Each asks again when it is answered, over a connection that it keeps. */
  readonly callers: number;
  /** Between an answer and the next question. 0: callers never rest, and whoever has the greater share queues longer. */
  readonly pauseMs?: number;
  /** Made anew for each question. */
  body?(): string;
  /** Made anew for each question. */
  headers?(): Record<string, string>;
  /** The header of the answer that tells who gave it. */
  readonly versionHeader?: string;
  /** Told at each answer 2xx. */
  onAnswer?(version: string, sent: Record<string, string>): void;
}

export interface SteadyCallers {
  /** Answers 2xx so far, by version; 'unnamed' where the header is missing. */
  readonly answered: ReadonlyMap<string, number>;
  /** What went wrong, in words: "HTTP 503 no healthy upstream", "socket hang up". */
  readonly failures: readonly string[];
  /** Milliseconds of each answer 2xx. */
  readonly latencies: readonly number[];
  /** When all requests that are under way are answered. */
  stop(): Promise<void>;
}

/** Callers without end, for tests that no request is lost and for measurements. */
export function startSteadyCallers(options: SteadyCallersOptions): SteadyCallers {
  const { url, callers, body = () => '{"inputs":[]}', headers, versionHeader = 'x-ratchet-version', onAnswer, pauseMs = 0 } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: callers });
  const [answered, failures, latencies] = [new Map<string, number>(), [] as string[], [] as number[]];
  let stopping = false;

  async function call(): Promise<void> {
    while (!stopping) {
      const startMs = performance.now();
      try {
        const sent = headers?.() ?? {};
        const { status, version, text } = await post(url, { agent, body: body(), headers: sent, versionHeader });
        if (status < 200 || status > 299) failures.push(`HTTP ${status} ${text.slice(0, 200)}`);
        else {
          answered.set(version, (answered.get(version) ?? 0) + 1);
          latencies.push(performance.now() - startMs);
          onAnswer?.(version, sent);
        }
        if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
        await new Promise((resolve) => setTimeout(resolve, 20)); // where nobody listens, asking again at once would only heat the machine
      }
    }
  }

  const calling = Promise.all(Array.from({ length: callers }, () => call()));
  return {
    answered,
    failures,
    latencies,
    async stop() {
      stopping = true;
      await calling;
      agent.destroy();
    },
  };
}

interface Question {
  readonly agent: Agent;
  readonly body: string;
  readonly headers: Record<string, string>;
  readonly versionHeader: string;
}

function post(url: string, { agent, body, headers, versionHeader }: Question): Promise<{ status: number; version: string; text: string }> {
  return new Promise((resolve, reject) => {
    const length = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const asked = request(url, { method: 'POST', agent, headers: { ...length, ...headers } }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, version: String(response.headers[versionHeader] ?? 'unnamed'), text }),
      );
    });
    asked.on('error', reject);
    asked.end(body);
  });
}
