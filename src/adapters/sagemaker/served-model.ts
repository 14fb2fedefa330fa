import type { SageMaker } from '@aws-sdk/client-sagemaker';
import type { Digest } from '../../domain/digest.js';
import type { SageMakerServers } from '../../domain/sagemaker-servers.js';
import type { InstanceSpec } from '../../domain/serving.js';
import type { Ask } from './endpoint-api.js';
import { variantName } from './endpoint-entry.js';
import type { EndpointShape, VariantEntry } from './endpoint-entry.js';
import { sageMakerName } from './job-name.js';
import { isNameTaken, unlessMissing } from './sagemaker-error.js';

/** What the worker knows, whatever the model. */
export interface ServingAccount {
  /** What model servers are, towards AWS: reads the object store, writes the prediction log. */
  readonly roleArn: string;
  /** Begins the names of what is ours: an account may have several Ratchets. */
  readonly namePrefix: string;
  /** Further variables of the container: where S3 is. */
  readonly containerEnvironment?: Readonly<Record<string, string>>;
}

/** An instance as SageMaker keeps it: an image and an environment that nobody can edit. */
export interface ServedModel {
  readonly instance: string;
  readonly model: string;
  readonly version: string;
  /** Of the instance's spec, a document in the object store. */
  readonly order: Digest;
  readonly endpoint: string;
  readonly variant: VariantEntry;
  /** What it wants of its endpoint. */
  readonly shape: EndpointShape;
  /** Milliseconds since 1970. */
  readonly createdMs: number;
}

/** What of an instance is known without the object store: in a variable of its container. */
interface Serves extends Omit<VariantEntry, 'name' | 'modelName'>, EndpointShape {
  readonly instance: string;
  readonly model: string;
  readonly version: string;
}

/** Instances as models of SageMaker, whose names are given once. */
export function servedModels(ask: Ask, account: ServingAccount) {
  const { namePrefix } = account;
  return { find, list, create, remove, endpointOf };

  function endpointOf(model: string): string {
    return sageMakerName(namePrefix, model);
  }

  async function find(instance: string): Promise<ServedModel | null> {
    return read(sageMakerName(namePrefix, instance));
  }

  async function read(ModelName: string): Promise<ServedModel | null> {
    const found = await ask(`DescribeModel ${ModelName}`, (sageMaker) => unlessMissing(sageMaker.describeModel({ ModelName })));
    const { RATCHET_SERVE_ORDER: order, RATCHET_SERVES: serves } = found?.PrimaryContainer?.Environment ?? {};
    if (order === undefined || serves === undefined) return null; // somebody else's
    const { instance, model, version, metricsSeconds, kmsKey, ...machines } = JSON.parse(serves) as Serves;
    const variant = { name: variantName(instance), modelName: ModelName, ...machines };
    const shape = { metricsSeconds, ...(kmsKey !== undefined && { kmsKey }) };
    const createdMs = found?.CreationTime?.getTime() ?? 0;
    return { instance, model, version, order: order as Digest, endpoint: endpointOf(model), variant, shape, createdMs };
  }

  async function list(model: string): Promise<ServedModel[]> {
    const NameContains = `${sageMakerName(namePrefix, model).slice(0, 40)}`;
    const found: ServedModel[] = [];
    for (let NextToken: string | undefined; ;) {
      const input = { NameContains, MaxResults: 100, ...(NextToken && { NextToken }) };
      const page = await ask(`ListModels ${NameContains}*`, (sageMaker) => sageMaker.listModels(input));
      for (const { ModelName = '' } of page.Models ?? []) {
        const served = ModelName.startsWith(NameContains) ? await read(ModelName) : null;
        if (served?.model === model) found.push(served);
      }
      if (!(NextToken = page.NextToken)) return found;
    }
  }

  /** Somebody who was quicker with the same is no matter: `find` says whose it is. */
  async function create(spec: InstanceSpec, order: Digest, storeUri: string, servers: SageMakerServers): Promise<void> {
    const { image, machineType, metricsSeconds, kmsKey, network, tags } = servers;
    const serves: Serves = {
      instance: spec.name,
      model: spec.model,
      version: spec.version,
      machineType,
      machines: spec.replicas,
      startSecondsMax: spec.readySecondsMax,
      metricsSeconds,
      ...(kmsKey !== undefined && { kmsKey }),
    };
    const Environment = {
      ...account.containerEnvironment,
      RATCHET_STORE_URI: storeUri,
      RATCHET_SERVE_ORDER: order,
      RATCHET_SERVES: JSON.stringify(serves),
    };
    const ours = { 'ratchet:model': spec.model, 'ratchet:instance': spec.name };
    const input: Parameters<SageMaker['createModel']>[0] = {
      ModelName: sageMakerName(namePrefix, spec.name),
      ExecutionRoleArn: account.roleArn,
      PrimaryContainer: { Image: image, Environment },
      ...(network && { VpcConfig: { Subnets: network.subnets, SecurityGroupIds: network.securityGroups } }),
      Tags: Object.entries({ ...tags, ...ours }).map(([Key, Value]) => ({ Key, Value })),
    };
    await ask(`CreateModel ${input.ModelName}`, (sageMaker) =>
      sageMaker.createModel(input).catch((error: unknown) => {
        if (!isNameTaken(error)) throw error;
      }),
    );
  }

  async function remove(instance: string): Promise<void> {
    const ModelName = sageMakerName(namePrefix, instance);
    await ask(`DeleteModel ${ModelName}`, (sageMaker) => unlessMissing(sageMaker.deleteModel({ ModelName })));
  }
}
