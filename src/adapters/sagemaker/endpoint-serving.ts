import type { SageMakerRuntime } from '@aws-sdk/client-sagemaker-runtime';
import { canonicalJson, digestOfBytes } from '../../domain/digest.js';
import { RatchetError } from '../../domain/failure.js';
import type { SageMakerServers } from '../../domain/sagemaker-servers.js';
import { InstanceSpec } from '../../domain/serving.js';
import type { FeatureRow, Instance } from '../../domain/serving.js';
import type { ObjectStore } from '../../ports/object-store.js';
import type { Serving } from '../../ports/serving.js';
import { openEndpoint, patient } from './endpoint.js';
import type { Endpoint, EndpointTimes } from './endpoint.js';
import { answers, askingFor } from './endpoint-api.js';
import type { SeenEndpoint } from './endpoint-api.js';
import { isRouted, variantName, withVariant, withoutVariant } from './endpoint-entry.js';
import { EndpointGaveUp, explainGaveUp } from './endpoint-failure.js';
import { askVariant, askedForAnswers } from './invoke-variant.js';
import { lazyRuntime, lazySageMaker } from './sagemaker-client.js';
import { servedModels } from './served-model.js';
import type { ServedModel, ServingAccount } from './served-model.js';

export interface SageMakerServingOptions extends ServingAccount {
  readonly store: ObjectStore;
  /** AWS_REGION, AWS_ENDPOINT_URL_SAGEMAKER, AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME, and the credentials as the SDK finds them. */
  readonly environment?: NodeJS.ProcessEnv;
  readonly times?: EndpointTimes;
}

/**
 * Instances as variants of their model's endpoint. One that is prepared stands there without requests, so that what is proven
 * is what answers later, and every step after it changes weights alone; see docs/adr/0021-an-endpoint-is-a-log-of-configurations.md.
 */
export function createSageMakerServing(options: SageMakerServingOptions): Serving {
  const { store, environment = process.env, times = patient } = options;
  const client = lazySageMaker(environment);
  const runtime: () => Promise<SageMakerRuntime> = lazyRuntime(environment);
  const models = servedModels(askingFor(client, askedForAnswers), options);
  return { prepare, ask, describe, list, retire };

  function endpointOf(model: string, tags: Readonly<Record<string, string>> = {}): Endpoint {
    return openEndpoint(client, models.endpointOf(model), { asked: askedForAnswers, times, tags });
  }

  async function prepare(spec: InstanceSpec, signal: AbortSignal): Promise<Instance> {
    const served = await model(spec);
    const { name, modelName } = served.variant;
    const endpoint = endpointOf(spec.model, { ...serversOf(spec).tags, 'ratchet:model': spec.model });
    await endpoint.change((newest) => {
      const next = withVariant(newest, served.variant, served.shape);
      if (next === null || next.shadow === null) return next;
      throw new RatchetError(
        'ServingUnavailable',
        `instance ${spec.name}: expected room in endpoint ${endpoint.name}, found a shadow in it`,
        {
          remedy: 'SageMaker lets one version stand beside a shadow: nothing, until that step is over',
        },
      );
    });
    try {
      await endpoint.bring({ signal });
    } catch (error) {
      if (!(error instanceof EndpointGaveUp)) throw error;
      await takeOut(endpoint, name, spec.name);
      throw explainGaveUp(error, `${spec.version}: expected SageMaker to start its servers`, {
        full: 'ServingUnavailable',
        refused: 'InstanceNotReady',
        mended: `look at the log of ${modelName} in CloudWatch; a slow start needs a greater serving.readySecondsMax`,
      });
    }
    return (await describe(spec.name))!;
  }

  async function model(spec: InstanceSpec): Promise<ServedModel> {
    const order = Buffer.from(canonicalJson(spec));
    const digest = digestOfBytes(order);
    let found = await models.find(spec.name);
    if (found === null) {
      if (!(await store.hasDigest(spec.artifact.digest)))
        throw new RatchetError(
          'EvidenceMissing',
          `instance ${spec.name}: expected ${spec.artifact.digest} in the object store, found nothing`,
        );
      await store.put(order);
      await models.create(spec, digest, store.uri, serversOf(spec));
      found = await models.find(spec.name);
    }
    if (found?.order === digest) return found;
    throw new RatchetError(
      'InstanceConflict',
      `instance ${spec.name}: expected ${digest}, found ${found?.order ?? 'a model of somebody else'}`,
      {
        remedy: 'serving, or the features of the model file, changed while it ran: a new cycle has a name of its own',
      },
    );
  }

  async function ask(name: string, rows: readonly FeatureRow[], signal: AbortSignal): Promise<number[][]> {
    const served = await models.find(name);
    const seen = served && (await endpointOf(served.model).describe());
    const variant = seen?.variants.find((found) => found.name === variantName(name));
    if (!served || !seen || !variant || !answers(seen))
      throw new RatchetError('ServingUnavailable', `instance ${name}: expected a variant that answers, found ${words(seen ?? null, name)}`);
    const spec = InstanceSpec.parse(JSON.parse(Buffer.from(await store.getByDigest(served.order)).toString('utf8')));
    const asked = { endpoint: served.endpoint, variant: variant.name, machines: variant.machines };
    return askVariant(runtime, asked, spec, rows, signal);
  }

  async function describe(name: string): Promise<Instance | null> {
    const served = await models.find(name);
    return served && instanceOf(served, await endpointOf(served.model).describe());
  }

  async function list(modelName: string): Promise<Instance[]> {
    const found = await models.list(modelName);
    const seen = found.length === 0 ? null : await endpointOf(modelName).describe();
    return found.map((served) => instanceOf(served, seen));
  }

  /** SageMaker itself lets requests under way end. */
  async function retire(name: string): Promise<void> {
    const served = await models.find(name);
    if (served === null) return;
    await takeOut(endpointOf(served.model), variantName(name), name);
  }

  async function takeOut(endpoint: Endpoint, variant: string, instance: string): Promise<void> {
    let isLast = false;
    await endpoint.change((newest) => {
      isLast = false;
      if (newest === null) return null;
      if (isRouted(newest, variant))
        throw new RatchetError('ServingUnavailable', `instance ${instance}: expected nobody to be sent to it, found it in the route`);
      if (!newest.variants.some(({ name }) => name === variant)) return null;
      const next = withoutVariant(newest, variant);
      isLast = next === null;
      return next;
    });
    if (isLast) await endpoint.removeWhole();
    else await endpoint.bring();
    await models.remove(instance);
  }
}

function serversOf({ name, cluster }: InstanceSpec): SageMakerServers {
  if (cluster?.kind === 'sagemaker') return cluster;
  throw new RatchetError('SpecInvalid', `instance ${name}: serving.cluster: expected kind sagemaker, found ${cluster?.kind ?? 'none'}`);
}

function instanceOf({ instance, model, version, order, endpoint, variant }: ServedModel, seen: SeenEndpoint | null): Instance {
  const found = seen && [...seen.variants, ...seen.shadows].find(({ name }) => name === variant.name);
  const ready = found != null && answers(seen!) ? found.machines : 0;
  return {
    name: instance,
    model,
    version,
    specDigest: order,
    replicas: Array.from({ length: Math.max(ready, variant.machines) }, (_, index) => ({
      address: `${endpoint}/${variant.name}/${index}`,
      ready: index < ready,
      restarts: 0, // SageMaker tells none
    })),
  };
}

function words(seen: SeenEndpoint | null, name: string): string {
  if (seen === null) return 'none';
  if (seen.shadows.some((shadow) => shadow.name === variantName(name))) return 'a shadow, which SageMaker does not let answer';
  return `the endpoint ${seen.status}, with ${seen.variants.map((variant) => variant.name).join(', ') || 'no variant'}`;
}
