import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createEnvoyTrafficRouter } from '../../src/adapters/envoy/traffic-router.js';
import { reconcileTraffic } from '../../src/domain/decide/reconcile-traffic.js';
import type { Home } from '../../src/config/home.js';
import type { RouteReading } from '../../src/ports/traffic-router.js';
import { MODEL, type QuickStack } from '../chaos/quick-stack.js';
import { records } from '../chaos/kill-point.js';

export interface TrafficWatchman {
  /** What was seen and the ledger does not allow. */
  readonly unlawful: readonly string[];
  /** How often both could be read. */
  looks(): number;
  stop(): Promise<void>;
}

/** Looks again and again at what Envoy itself has in force, and holds it against the ledger just before and just after. */
export function watchTraffic({ home }: QuickStack): TrafficWatchman {
  const unlawful: string[] = [];
  let [looks, stopping] = [0, false];
  const watching = (async () => {
    while (!stopping) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  })();
  return {
    unlawful,
    looks: () => looks,
    async stop() {
      stopping = true;
      await watching;
    },
  };

  async function look(): Promise<void> {
    const before = records(home.storeFolder).at(-1)?.after;
    const reading = await readRoute(home).catch(() => null);
    const after = records(home.storeFolder).at(-1)?.after;
    if (reading?.inForce == null || before === undefined || after === undefined) return; // Envoy is away: nobody is sent anywhere
    looks++;
    const found = { asked: { ...reading.asked, ...reading.inForce }, inForce: reading.inForce };
    const verdicts = [before, after].map((state) => reconcileTraffic(state, found, (cycle) => `${MODEL}-${cycle}`));
    if (verdicts.every(({ kind }) => kind === 'champion'))
      unlawful.push(verdicts.map((verdict) => ('what' in verdict ? verdict.what : '')).join('; '));
  }
}

/** The router's book, and what Envoy has in force; null: there is no proxy yet. */
export async function readRoute(home: Home): Promise<RouteReading | null> {
  return (await openRouter(home)?.read(MODEL)) ?? null;
}

function openRouter(home: Home) {
  const bootstrap = join(home.envoyFolder, 'bootstrap.json');
  if (!existsSync(bootstrap)) return null;
  const { admin } = JSON.parse(readFileSync(bootstrap, 'utf8')) as { admin: { address: { socket_address: { port_value: number } } } };
  const adminUrl = `http://127.0.0.1:${admin.address.socket_address.port_value}`;
  return createEnvoyTrafficRouter({ folder: home.envoyFolder, adminUrl, url: '', addressesOf: () => Promise.resolve([]) });
}
