import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

interface Service {
  readonly image?: string;
  readonly ports?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly healthcheck?: unknown;
  readonly restart?: string;
  readonly depends_on?: Readonly<Record<string, { condition: string }>>;
}

const root = new URL('../../', import.meta.url);
const compose = parse(readFileSync(new URL('docker-compose.yml', root), 'utf8'), { merge: true }) as { services: Record<string, Service> };
const services = Object.entries(compose.services);
const runsOn = services.filter(([, service]) => service.restart === 'unless-stopped');

test('every port is published on loopback alone, for votes are claims', () => {
  const published = services.flatMap(([, { ports = [] }]) => ports);
  expect(published.length).toBeGreaterThan(0);
  expect(published.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
});

test('every image is pinned by a version', () => {
  const images = services.map(([, { image }]) => image ?? 'none');
  expect(images.filter((image) => !/:v?\d+\.\d+/.test(image))).toEqual([]);
});

test('no password stands in the file: each comes from the environment, or the start is refused', () => {
  const secrets = services.flatMap(([, { environment = {} }]) =>
    Object.entries(environment).filter(([name]) => /PASSWORD|PWD|SECRET|ACCESS_KEY|BACKEND_STORE_URI/.test(name)),
  );
  expect(secrets.length).toBeGreaterThan(5);
  expect(secrets.filter(([, value]) => !/\$\{[A-Z0-9_]+:\?[^}]+\}/.test(value))).toEqual([]);
});

test('make-env.sh writes every variable that has no default', () => {
  const text = readFileSync(new URL('docker-compose.yml', root), 'utf8');
  const script = readFileSync(new URL('deploy/compose/make-env.sh', root), 'utf8');
  const required = new Set([...text.matchAll(/\$\{([A-Z0-9_]+):\?/g)].map(([, name]) => name!));
  expect([...required].filter((name) => !script.includes(name))).toEqual([]);
});

test('what runs on is watched, and what waits for another waits for its health', () => {
  expect(runsOn.length).toBeGreaterThan(3);
  expect(runsOn.filter(([, { healthcheck }]) => healthcheck === undefined).map(([name]) => name)).toEqual([]);
  const weak = services.flatMap(([name, { depends_on: waits = {} }]) =>
    Object.entries(waits)
      .filter(([, { condition }]) => !['service_healthy', 'service_completed_successfully'].includes(condition))
      .map(([other]) => `${name} → ${other}`),
  );
  expect(weak).toEqual([]);
});

test('every file that is mounted exists', () => {
  const mounted = services.flatMap(([, { volumes = [] }]) =>
    volumes.filter((volume) => volume.startsWith('./')).map((volume) => volume.split(':')[0]!),
  );
  expect(mounted.filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
});
