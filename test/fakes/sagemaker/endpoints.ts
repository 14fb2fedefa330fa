import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { createFakeCloudWatch } from './cloudwatch.js';
import { createFakeFleet } from './fleet.js';
import type { ConfigVariant, FleetOptions, Variant } from './fleet.js';
import { arnOf, create, find, list, refusal, remove } from './named-documents.js';
import type { Document } from './server.js';

interface FakeEndpoint {
  readonly name: string;
  readonly createdMs: number;
  status: 'Creating' | 'InService' | 'Updating' | 'SystemUpdating' | 'RollingBack' | 'Failed' | 'Deleting';
  configName: string;
  variants: Variant[];
  shadows: Variant[];
  failureReason?: string;
  life: Promise<void>;
}

/**
 * SageMaker's models, endpoint configurations and endpoints: a process for each machine of a variant, blue and green, and what
 * SageMaker refuses while it changes something.
 */
export function createFakeEndpoints(options: FleetOptions, cloudWatch: Pick<ReturnType<typeof createFakeCloudWatch>, 'count'>) {
  const { stateMs = 20 } = options;
  const models = new Map<string, Document>();
  const configs = new Map<string, Document>();
  const endpoints = new Map<string, FakeEndpoint>();
  const failures: string[] = [];
  const fleet = createFakeFleet(models, options);
  let [isHeld, random] = [false, 7];

  const operations: Record<string, (input: Document) => Document> = {
    CreateModel: (input) => create(models, 'model', String(input.ModelName), { ...input, CreationTime: Date.now() / 1000 }, 'ModelArn'),
    DescribeModel: ({ ModelName: name }) => ({ ...find(models, 'model', name), ModelArn: arnOf('model', String(name)) }),
    DeleteModel({ ModelName: name }) {
      find(models, 'model', name);
      return remove(models, name);
    },
    ListModels: (input) => list(models, 'Models', 'ModelName', input),
    CreateEndpointConfig(input) {
      const variants = input.ProductionVariants as ConfigVariant[];
      const shadows = (input.ShadowProductionVariants ?? []) as ConfigVariant[];
      if (variants.length === 0 || variants.length > 10) throw refusal('expected 1 to 10 production variants');
      if (shadows.length > 0 && variants.length + shadows.length !== 2) throw refusal('one shadow variant needs one production variant');
      if (variants.every(({ InitialVariantWeight: weight }) => weight === 0)) throw refusal('the weights sum to zero');
      for (const { ModelName } of [...variants, ...shadows]) find(models, 'model', ModelName);
      return create(configs, 'endpoint-config', String(input.EndpointConfigName), input, 'EndpointConfigArn');
    },
    DescribeEndpointConfig({ EndpointConfigName: name }) {
      const { Tags: _, ...config } = find(configs, 'endpoint configuration', name);
      return { ...config, EndpointConfigArn: arnOf('endpoint-config', String(name)) };
    },
    DeleteEndpointConfig({ EndpointConfigName: name }) {
      find(configs, 'endpoint configuration', name);
      return remove(configs, name);
    },
    ListEndpointConfigs: (input) => list(configs, 'EndpointConfigs', 'EndpointConfigName', input),
    CreateEndpoint({ EndpointName: name, EndpointConfigName: configName }) {
      find(configs, 'endpoint configuration', configName);
      if (endpoints.has(String(name))) throw refusal(`Cannot create already existing endpoint "${arnOf('endpoint', String(name))}".`);
      const endpoint: FakeEndpoint = {
        name: String(name),
        createdMs: Date.now(),
        status: 'Creating',
        configName: String(configName),
        variants: [],
        shadows: [],
        life: Promise.resolve(),
      };
      endpoints.set(endpoint.name, endpoint);
      endpoint.life = deploy(endpoint, String(configName), false);
      return { EndpointArn: arnOf('endpoint', endpoint.name) };
    },
    UpdateEndpoint({ EndpointName: name, EndpointConfigName: configName, RetainAllVariantProperties: retain }) {
      const endpoint = changeable(name, 'update');
      find(configs, 'endpoint configuration', configName);
      endpoint.status = 'Updating';
      endpoint.life = deploy(endpoint, String(configName), retain === true);
      return { EndpointArn: arnOf('endpoint', endpoint.name) };
    },
    UpdateEndpointWeightsAndCapacities({ EndpointName: name, DesiredWeightsAndCapacities: desired }) {
      const endpoint = changeable(name, 'update');
      const changes = desired as { VariantName: string; DesiredWeight: number }[];
      for (const { VariantName } of changes)
        if (!endpoint.variants.some((variant) => variant.name === VariantName))
          throw refusal(`The variant name(s) "${VariantName}" is/are not present within endpoint configuration "${endpoint.configName}".`);
      endpoint.status = 'Updating';
      endpoint.life = held().then(() => {
        for (const { VariantName, DesiredWeight } of changes)
          endpoint.variants.find((variant) => variant.name === VariantName)!.weight = DesiredWeight;
        endpoint.status = 'InService';
      });
      return { EndpointArn: arnOf('endpoint', endpoint.name) };
    },
    DescribeEndpoint: ({ EndpointName: name }) => describe(found(name)),
    DeleteEndpoint({ EndpointName: name }) {
      const endpoint = found(name);
      if (endpoint.status !== 'InService' && endpoint.status !== 'Failed')
        throw refusal(`Cannot delete in-progress endpoint "${arnOf('endpoint', endpoint.name)}".`);
      endpoint.status = 'Deleting';
      endpoint.life = sleep(stateMs).then(() => {
        fleet.stop([...endpoint.variants, ...endpoint.shadows]);
        endpoints.delete(endpoint.name);
      });
      return {};
    },
  };
  const runtime = createServer((request, response) => {
    void invoke(request, response).catch((error: unknown) => {
      response.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify({ message: String(error) }));
    });
  });
  runtime.keepAliveTimeout = 0; // one that is closed while its caller asks again, on a busy machine, looks like a lost request
  return {
    operations,
    tagsOf: (arn: string) => configs.get(arn.split('/').at(-1)!)?.Tags,
    runtime,
    /** The next change of variants ends so, whatever its containers do. */
    failNext: (reason: string) => void failures.push(reason),
    /** No change ends until it is let go. */
    hold: (held: boolean) => void (isHeld = held),
    /** SageMaker's own maintenance. */
    maintain: (name: string, isUnderWay: boolean) => void (found(name).status = isUnderWay ? 'SystemUpdating' : 'InService'),
    configNames: () => [...configs.keys()],
    async stopAll() {
      isHeld = false;
      await Promise.all([...endpoints.values()].map(({ life }) => life));
      for (const { variants, shadows } of endpoints.values()) fleet.stop([...variants, ...shadows]);
    },
  };

  /** Green beside blue; only when all of green answers, blue ends. */
  async function deploy(endpoint: FakeEndpoint, configName: string, retain: boolean): Promise<void> {
    const config = configs.get(configName)!;
    const isNew = endpoint.status === 'Creating';
    await held();
    let reason = failures.shift();
    const weightOf = (name: string) => (retain ? endpoint.variants.find((variant) => variant.name === name)?.weight : undefined);
    const green =
      reason === undefined
        ? {
            variants: await fleet.start(config.ProductionVariants, weightOf),
            shadows: await fleet.start(config.ShadowProductionVariants, () => undefined),
          }
        : null;
    for (const variant of green ? [...green.variants, ...green.shadows] : [])
      if (reason === undefined && !(await fleet.isHealthy(variant)))
        reason = `The primary container for production variant ${variant.name} did not pass the ping health check. Please check CloudWatch logs for this endpoint.`;
    if (reason === undefined) {
      fleet.stop([...endpoint.variants, ...endpoint.shadows]);
      Object.assign(endpoint, green, { configName, status: 'InService', failureReason: undefined });
      return;
    }
    if (green) fleet.stop([...green.variants, ...green.shadows]);
    endpoint.failureReason = reason;
    if (isNew) return void (endpoint.status = 'Failed');
    endpoint.status = 'RollingBack';
    await sleep(stateMs);
    endpoint.status = 'InService';
  }

  /** SageMaker Runtime's one call: by weight, or to the variant that is named; a copy goes to the shadow. */
  async function invoke(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const endpoint = endpoints.get(/^\/endpoints\/([^/]+)\/invocations$/.exec(request.url ?? '')?.[1] ?? '');
    const refuse = (type: string, message: string, status = 400, more: object = {}): void =>
      void response
        .writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': type })
        .end(JSON.stringify({ message, Message: message, ...more }));
    if (!endpoint || endpoint.variants.length === 0) return refuse('ValidationError', 'Endpoint of account 000000000000 not found.');
    const target = request.headers['x-amzn-sagemaker-target-variant'];
    const variant = target === undefined ? drawn(endpoint.variants) : endpoint.variants.find(({ name }) => name === target);
    if (!variant) return refuse('ValidationError', `Variant ${String(target)} not found for endpoint ${endpoint.name}`);
    const attributes = request.headers['x-amzn-sagemaker-custom-attributes'];
    const body = Buffer.concat(chunks);
    const ask = async ({ name, machines }: Variant): Promise<Response> => {
      const answer = fetch(`http://127.0.0.1:${machines[Math.floor(next() * machines.length)]!.port}/invocations`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', ...(attributes && { 'x-amzn-sagemaker-custom-attributes': String(attributes) }) },
      });
      const status = await answer.then(
        (response) => response.status,
        () => 0,
      );
      const { MetricsConfig } = (configs.get(endpoint.configName) ?? {}) as { MetricsConfig?: { MetricPublishFrequencyInSeconds: number } };
      cloudWatch.count(endpoint.name, name, status, MetricsConfig?.MetricPublishFrequencyInSeconds ?? 60);
      return answer;
    };
    for (const shadow of target === undefined ? endpoint.shadows : []) void ask(shadow).catch(() => undefined);
    const answer = await ask(variant);
    const text = await answer.text();
    if (!answer.ok)
      return refuse('ModelError', `Received server error (${answer.status}) from ${variant.name}`, 424, {
        OriginalStatusCode: answer.status,
        OriginalMessage: text,
      });
    response
      .writeHead(200, {
        'content-type': 'application/json',
        'x-amzn-invoked-production-variant': variant.name,
        'x-amzn-sagemaker-custom-attributes': answer.headers.get('x-amzn-sagemaker-custom-attributes') ?? '',
      })
      .end(text);
  }

  function drawn(variants: readonly Variant[]): Variant {
    let left = next() * variants.reduce((sum, { weight }) => sum + weight, 0);
    return variants.find(({ weight }) => (left -= weight) < 0) ?? variants.find(({ weight }) => weight > 0)!;
  }

  /** The same draws in each run of a test. */
  function next(): number {
    random = (random * 48_271) % 2_147_483_647;
    return random / 2_147_483_647;
  }

  async function held(): Promise<void> {
    do await sleep(stateMs);
    while (isHeld);
  }

  function found(name: unknown): FakeEndpoint {
    const endpoint = endpoints.get(String(name));
    if (!endpoint) throw refusal(`Could not find endpoint "${arnOf('endpoint', String(name))}".`);
    return endpoint;
  }

  function changeable(name: unknown, what: string): FakeEndpoint {
    const endpoint = found(name);
    if (endpoint.status !== 'InService') throw refusal(`Cannot ${what} in-progress endpoint "${arnOf('endpoint', endpoint.name)}".`);
    return endpoint;
  }
}

function describe({ name, status, configName, variants, shadows, failureReason, createdMs }: FakeEndpoint): Document {
  const summary = ({ name: VariantName, weight, machines }: Variant) => ({
    VariantName,
    CurrentWeight: weight,
    DesiredWeight: weight,
    CurrentInstanceCount: machines.length,
    DesiredInstanceCount: machines.length,
  });
  return {
    EndpointName: name,
    EndpointArn: arnOf('endpoint', name),
    EndpointConfigName: configName,
    EndpointStatus: status,
    CreationTime: createdMs / 1000,
    LastModifiedTime: Date.now() / 1000,
    ...(failureReason !== undefined && { FailureReason: failureReason }),
    ...(variants.length > 0 && { ProductionVariants: variants.map(summary) }),
    ...(shadows.length > 0 && { ShadowProductionVariants: shadows.map(summary) }),
  };
}
