import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { FakeRefusal } from './refusal.js';
import { createFakeCloudWatch } from './cloudwatch.js';
import { createFakeEndpoints } from './endpoints.js';
import type { FleetOptions } from './fleet.js';
import { createFakeJobs } from './jobs.js';
import type { FakeJobsOptions } from './jobs.js';
import { createFakeModelPackages } from './model-packages.js';

/** What the next calls of an operation get instead of, or as well as, their answer. */
export type Fault =
  | { readonly kind: 'error'; readonly status: number; readonly type: string; readonly message?: string }
  /** Nothing is done. */
  | { readonly kind: 'broken' }
  /** It is done, and the answer is lost. */
  | { readonly kind: 'lostReply' };

export type Document = Record<string, unknown>;

/**
 * SageMaker's and CloudWatch's JSON protocol (x-amz-target) over a small world of its own: jobs are processes with the layout of
 * /opt/ml in a folder, model servers are processes too, and both pass through SageMaker's states; faults come when a test
 * asks for them.
 */
export async function startFakeSageMaker(options: FakeJobsOptions & FleetOptions) {
  const jobs = createFakeJobs(options);
  const cloudWatch = createFakeCloudWatch();
  const endpoints = createFakeEndpoints(options, cloudWatch);
  const packages = createFakeModelPackages();
  const operations: Record<string, (input: Document) => Document> = {
    ...jobs.operations,
    ...packages,
    ...endpoints.operations,
    ...cloudWatch.operations,
    ListTags: (input) => {
      const tags = endpoints.tagsOf(String(input.ResourceArn));
      return tags === undefined ? packages.ListTags!(input) : { Tags: tags };
    },
  };
  /** Called before an operation is done. */
  const waits = new Map<string, () => Promise<void>>();
  const faults: { operation: string; fault: Fault; times: number }[] = [];
  const calls: string[] = [];
  const server = createServer((request, response) => void answer(request, response));
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const operation = String(request.headers['x-amz-target'] ?? '').replace(/^.*\./, '');
    const input = JSON.parse((await textOf(request)) || '{}') as Document;
    calls.push(operation);
    const fault = takeFault(operation);
    try {
      if (fault?.kind === 'broken') return void request.socket.destroy();
      if (fault?.kind === 'error') throw new FakeRefusal(fault.type, fault.message ?? 'as asked', fault.status);
      const perform = operations[operation];
      if (!perform) throw new FakeRefusal('UnknownOperationException', operation);
      const wait = waits.get(operation);
      waits.delete(operation);
      await wait?.();
      const document = perform(input);
      if (fault?.kind === 'lostReply') return void request.socket.destroy();
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(document));
    } catch (error) {
      const { type, status } = error instanceof FakeRefusal ? error : { type: 'InternalFailure', status: 500 };
      response
        .writeHead(status, { 'content-type': 'application/x-amz-json-1.1' })
        .end(JSON.stringify({ __type: type, message: error instanceof Error ? error.message : String(error) }));
    }
  }
  const [port, runtimePort] = await Promise.all([server, endpoints.runtime].map(listen));
  return {
    /** What a client needs. */
    environment: {
      AWS_ENDPOINT_URL_SAGEMAKER: `http://127.0.0.1:${port}`,
      AWS_ENDPOINT_URL_CLOUDWATCH: `http://127.0.0.1:${port}`,
      AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME: `http://127.0.0.1:${runtimePort}`,
      AWS_REGION: 'us-east-1',
    },
    endpoints,
    cloudWatch,
    /** The next call waits before it is done: as that of a client that stood still on its way. */
    waitBefore: (operation: string, wait: () => Promise<void>) => void waits.set(operation, wait),
    calls,
    /** The operation fails so often, from the next call on. */
    fail: (operation: string, fault: Fault, times = 1) => void faults.push({ operation, fault, times }),
    /** No further call fails. */
    mend: () => void faults.splice(0),
    /** The spot machine of a training is taken away; another one is found. */
    interrupt: jobs.interrupt,
    /** The request that made a job. */
    request: jobs.request,
    /** How the next job ends, whatever its container does: a machine that never came, one that broke. */
    endNext: jobs.endNext,
    /** No machine comes to any job until it is let go. */
    hold: jobs.hold,
    async stop() {
      await Promise.all([jobs.stopAll(), endpoints.stopAll()]);
      await Promise.all(
        [server, endpoints.runtime].map((each) => new Promise<void>((resolve) => void each.close(() => resolve()).closeAllConnections())),
      );
    },
  };

  function takeFault(operation: string): Fault | undefined {
    const found = faults.find((entry) => entry.operation === operation && entry.times > 0);
    if (found) found.times -= 1;
    return found?.fault;
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as { port: number }).port;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
