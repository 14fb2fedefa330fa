import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SageMakerRuntime } from '@aws-sdk/client-sagemaker-runtime';
import { afterAll, beforeAll } from 'vitest';
import { createLocalObjectStore } from '../../../src/adapters/local/object-store.js';
import { createSageMakerTrafficRouter } from '../../../src/adapters/sagemaker/endpoint-router.js';
import { createSageMakerServing } from '../../../src/adapters/sagemaker/endpoint-serving.js';
import type { SageMakerServers } from '../../../src/domain/sagemaker-servers.js';
import { startFakeSageMaker } from '../../fakes/sagemaker/server.js';

const keys = { AWS_ACCESS_KEY_ID: 'ratchet-test', AWS_SECRET_ACCESS_KEY: 'top-secret' };
const standIn = fileURLToPath(new URL('../../servers/stand-in', import.meta.url));
export const servers: SageMakerServers = {
  kind: 'sagemaker',
  image: 'server:1',
  machineType: 'ml.m5.large',
  metricsSeconds: 60,
  tags: { team: 'risk' },
};
export const times = { waitMsMax: 60_000, lookMs: 30 };

/** A SageMaker of the file's own, whose model servers are the stand-in; each opening has names of its own. */
export function useEndpoints() {
  const home = mkdtempSync(join(tmpdir(), 'ratchet-test-endpoints-'));
  let fake: Awaited<ReturnType<typeof startFakeSageMaker>>;
  const gateways: Server[] = [];
  let openings = 0;
  beforeAll(async () => {
    const image = { PATH: process.env.PATH!, PYTHONPATH: standIn };
    const entrypoint = ['python3', '-m', 'ratchet_serve.container'];
    fake = await startFakeSageMaker({ home, buckets: '', image, entrypoint });
  });
  afterAll(async () => {
    await Promise.all(gateways.map((server) => new Promise<void>((resolve) => void server.close(() => resolve()).closeAllConnections())));
    await fake?.stop();
    rmSync(home, { recursive: true, force: true });
  });
  return { open, fake: () => fake };

  async function open(namePrefix = `t${++openings}`) {
    const environment = { ...keys, ...fake.environment };
    const store = createLocalObjectStore(join(home, 'store'));
    const account = { roleArn: 'arn:aws:iam::000000000000:role/ratchet-server', namePrefix, environment, times };
    const serving = createSageMakerServing({ ...account, store });
    const router = createSageMakerTrafficRouter({ ...account, url: await startGateway(namePrefix, environment) });
    return { serving, router, store, place: { cluster: servers }, namePrefix, environment };
  }

  /** What stands before an endpoint where callers speak the Open Inference Protocol: it signs, and says who answered. */
  async function startGateway(namePrefix: string, environment: Record<string, string>): Promise<string> {
    const runtime = new SageMakerRuntime({
      region: 'us-east-1',
      endpoint: environment.AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME!,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    });
    const server = createServer((request, response) => {
      void (async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        const model = /^\/v2\/models\/([^/]+)\/infer$/.exec(request.url ?? '')?.[1] ?? '';
        const input = { EndpointName: `${namePrefix}-${model}`, ContentType: 'application/json', Body: Buffer.concat(chunks) };
        try {
          const found = await runtime.invokeEndpoint(input);
          response.writeHead(200, { 'x-ratchet-version': found.InvokedProductionVariant ?? '' }).end(Buffer.from(found.Body ?? []));
        } catch (error) {
          response.writeHead((error as Error).name === 'ModelError' ? 502 : 404).end(String(error));
        }
      })();
    });
    gateways.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  }
}
