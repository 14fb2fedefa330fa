import type { CreateEndpointConfigCommandInput, ProductionVariant } from '@aws-sdk/client-sagemaker';
import { weightOf } from './endpoint-entry.js';
import type { EndpointEntry, EndpointShape, NextEntry, VariantEntry } from './endpoint-entry.js';
import { routeOfTags, tagsOfRoutes } from './entry-tags.js';
import type { Ask } from './endpoint-api.js';
import type { Tag } from './entry-tags.js';
import { shortened } from './job-name.js';
import { isNameTaken, unlessMissing } from './sagemaker-error.js';

const CONFIG_CHARS_MAX = 48; // of 63: a number follows

/**
 * The configurations of an endpoint are its log. The newest says what is to be. A name is given once, so that of two who
 * follow the same entry one wins; an older configuration is deleted before a newer one counts, so that nobody can bring it
 * into force any more, however long he stood still.
 */
export function endpointLog(ask: Ask, endpoint: string) {
  const base = `${shortened(endpoint, CONFIG_CHARS_MAX)}-e`;
  const nameOf = (number: number): string => `${base}${number}`;
  return { nameOf, newest, append, prune, removeAll };

  async function newest(): Promise<EndpointEntry | null> {
    for (;;) {
      const number = (await numbers()).at(-1);
      if (number === undefined) return null;
      const entry = await read(number);
      if (entry !== null) return entry; // null: a newer one has come and this one has gone
    }
  }

  /** @returns null: somebody else was first */
  async function append(previous: EndpointEntry | null, next: NextEntry): Promise<EndpointEntry | null> {
    const number = (previous?.number ?? 0) + 1;
    const name = nameOf(number);
    const config = configOf(name, previous, next);
    const isFirst = await ask(`CreateEndpointConfig ${name}`, (sageMaker) =>
      sageMaker.createEndpointConfig(config).then(
        () => true,
        (error: unknown) => {
          if (isNameTaken(error)) return false;
          throw error;
        },
      ),
    );
    if (!isFirst) return null;
    // The name may be free again because the log has gone far beyond it.
    if ((await numbers()).at(-1) === number) return { ...next, number };
    await remove(number);
    return null;
  }

  function configOf(name: string, previous: EndpointEntry | null, next: NextEntry) {
    // A new one gets its share by the weights, not by coming: those of before keep theirs over an update.
    const isNew = (name: string) => previous !== null && !previous.variants.some((variant) => variant.name === name);
    const asked = next.variants.map((variant) => weightOf(next, variant.name));
    const kept = next.variants.map((variant, index) => (isNew(variant.name) ? 0 : asked[index]!));
    const weights = [kept, asked].find((some) => some.some((weight) => weight > 0)) ?? next.variants.map(() => 1);
    return {
      EndpointConfigName: name,
      ProductionVariants: next.variants.map((variant, index) => variantOf(variant, weights[index]!)),
      ...(next.shadow && { ShadowProductionVariants: [variantOf(next.shadow, 100)] }), // of as many: each request is copied
      ...shapeOf(next.shape),
      Tags: tagsOfRoutes(next),
    };
  }

  async function read(number: number): Promise<EndpointEntry | null> {
    const name = nameOf(number);
    const config = await ask(`DescribeEndpointConfig ${name}`, (sageMaker) =>
      unlessMissing(sageMaker.describeEndpointConfig({ EndpointConfigName: name })),
    );
    if (config === null) return null;
    const tags: Tag[] = [];
    for (let NextToken: string | undefined; ;) {
      const input = { ResourceArn: config.EndpointConfigArn, ...(NextToken && { NextToken }) };
      const page = await ask(`ListTags ${name}`, (sageMaker) => unlessMissing(sageMaker.listTags(input)));
      if (page === null) return null;
      tags.push(...((page.Tags ?? []) as Tag[]));
      if (!(NextToken = page.NextToken)) break;
    }
    return {
      number,
      shape: {
        metricsSeconds: (config.MetricsConfig?.MetricPublishFrequencyInSeconds ?? 60) as EndpointShape['metricsSeconds'],
        ...(config.KmsKeyId !== undefined && { kmsKey: config.KmsKeyId }),
      },
      variants: (config.ProductionVariants ?? []).map(entryOf),
      shadow: config.ShadowProductionVariants?.map(entryOf)[0] ?? null,
      asked: routeOfTags(tags, 'asked', name),
      before: routeOfTags(tags, 'before', name),
    };
  }

  /** Those that are older than the newest and not in force. @returns whether there were any */
  async function prune(newestNumber: number, inForce: string | null): Promise<boolean> {
    const old = (await numbers()).filter((number) => number < newestNumber && nameOf(number) !== inForce);
    for (const number of old) await remove(number);
    return old.length > 0;
  }

  async function removeAll(): Promise<void> {
    for (const number of await numbers()) await remove(number);
  }

  async function remove(number: number): Promise<void> {
    const name = nameOf(number);
    await ask(`DeleteEndpointConfig ${name}`, (sageMaker) => unlessMissing(sageMaker.deleteEndpointConfig({ EndpointConfigName: name })));
  }

  /** In order. */
  async function numbers(): Promise<number[]> {
    const found: number[] = [];
    for (let NextToken: string | undefined; ;) {
      const input = { NameContains: base, MaxResults: 100, ...(NextToken && { NextToken }) };
      const page = await ask(`ListEndpointConfigs ${base}*`, (sageMaker) => sageMaker.listEndpointConfigs(input));
      for (const { EndpointConfigName: name = '' } of page.EndpointConfigs ?? []) {
        const number = name.startsWith(base) ? Number(name.slice(base.length)) : Number.NaN;
        if (Number.isInteger(number)) found.push(number);
      }
      if (!(NextToken = page.NextToken)) return found.sort((left, right) => left - right);
    }
  }
}

/** Sixty seconds are SageMaker's own habit: then nothing is asked for, and nothing is billed. */
function shapeOf({ metricsSeconds, kmsKey }: EndpointShape): Pick<CreateEndpointConfigCommandInput, 'MetricsConfig' | 'KmsKeyId'> {
  const enhanced = { EnableEnhancedMetrics: true, MetricPublishFrequencyInSeconds: metricsSeconds };
  return { ...(metricsSeconds < 60 && { MetricsConfig: enhanced }), ...(kmsKey !== undefined && { KmsKeyId: kmsKey }) };
}

function variantOf({ name, modelName, machineType, machines, startSecondsMax }: VariantEntry, weight: number): ProductionVariant {
  return {
    VariantName: name,
    ModelName: modelName,
    InstanceType: machineType as NonNullable<ProductionVariant['InstanceType']>,
    InitialInstanceCount: machines,
    InitialVariantWeight: weight,
    ContainerStartupHealthCheckTimeoutInSeconds: Math.min(3600, Math.max(60, startSecondsMax)),
  };
}

function entryOf(variant: ProductionVariant): VariantEntry {
  return {
    name: variant.VariantName ?? '',
    modelName: variant.ModelName ?? '',
    machineType: variant.InstanceType ?? '',
    machines: variant.InitialInstanceCount ?? 1,
    startSecondsMax: variant.ContainerStartupHealthCheckTimeoutInSeconds ?? 60,
  };
}
