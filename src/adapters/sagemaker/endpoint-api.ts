import type { DescribeEndpointOutput, ProductionVariantSummary, SageMaker } from '@aws-sdk/client-sagemaker';
import { explainSageMakerError, isNameTaken, unlessMissing } from './sagemaker-error.js';
import type { AskedFor } from './sagemaker-error.js';

/** Asks SageMaker; what it throws is explained. */
export type Ask = <T>(what: string, call: (sageMaker: SageMaker) => Promise<T>) => Promise<T>;

export function askingFor(client: () => Promise<SageMaker>, asked: AskedFor): Ask {
  return async (what, call) => {
    try {
      return await call(await client());
    } catch (error) {
      throw explainSageMakerError(error, `SageMaker ${what}`, asked);
    }
  };
}

/** What SageMaker says of an endpoint. */
export interface SeenEndpoint {
  readonly status: NonNullable<DescribeEndpointOutput['EndpointStatus']>;
  readonly configName: string;
  readonly failureReason: string;
  readonly variants: readonly SeenVariant[];
  readonly shadows: readonly SeenVariant[];
}

export interface SeenVariant {
  readonly name: string;
  /** Relative to those of the others. */
  readonly weight: number;
  readonly machines: number;
}

/** Its requests are answered, also while it is being changed. */
export function answers({ status }: SeenEndpoint): boolean {
  return ['InService', 'Updating', 'SystemUpdating', 'RollingBack', 'UpdateRollbackFailed'].includes(status);
}

/** SageMaker is on its way from one state to another. */
export function isChanging({ status }: SeenEndpoint): boolean {
  return ['Creating', 'Updating', 'SystemUpdating', 'RollingBack'].includes(status);
}

/** One endpoint. What is refused because it is being changed, or there no more, is no error: the next look says how it is. */
export function endpointApi(ask: Ask, endpoint: string) {
  const EndpointName = endpoint;
  return { describe, create, update, setWeights, remove };

  async function describe(): Promise<SeenEndpoint | null> {
    const found = await ask(`DescribeEndpoint ${endpoint}`, (sageMaker) => unlessMissing(sageMaker.describeEndpoint({ EndpointName })));
    if (found === null) return null;
    return {
      status: found.EndpointStatus ?? 'OutOfService',
      configName: found.EndpointConfigName ?? '',
      failureReason: found.FailureReason ?? '',
      variants: (found.ProductionVariants ?? []).map(seenVariant),
      shadows: (found.ShadowProductionVariants ?? []).map(seenVariant),
    };
  }

  /** @returns whether SageMaker has begun with it */
  async function create(EndpointConfigName: string, tags: Readonly<Record<string, string>>): Promise<boolean> {
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    return ask(`CreateEndpoint ${endpoint}`, (sageMaker) =>
      unlessOvertaken(sageMaker.createEndpoint({ EndpointName, EndpointConfigName, Tags })),
    );
  }

  /** The weights stay as they are: what is updated is who stands there. @returns whether SageMaker has begun with it */
  async function update(EndpointConfigName: string): Promise<boolean> {
    return ask(`UpdateEndpoint ${endpoint}`, (sageMaker) =>
      unlessOvertaken(sageMaker.updateEndpoint({ EndpointName, EndpointConfigName, RetainAllVariantProperties: true })),
    );
  }

  async function setWeights(weights: Readonly<Record<string, number>>): Promise<void> {
    const DesiredWeightsAndCapacities = Object.entries(weights).map(([VariantName, DesiredWeight]) => ({ VariantName, DesiredWeight }));
    await ask(`UpdateEndpointWeightsAndCapacities ${endpoint}`, (sageMaker) =>
      unlessOvertaken(sageMaker.updateEndpointWeightsAndCapacities({ EndpointName, DesiredWeightsAndCapacities })),
    );
  }

  async function remove(): Promise<void> {
    await ask(`DeleteEndpoint ${endpoint}`, (sageMaker) => unlessOvertaken(sageMaker.deleteEndpoint({ EndpointName })));
  }
}

function seenVariant({ VariantName, CurrentWeight, CurrentInstanceCount }: ProductionVariantSummary): SeenVariant {
  return { name: VariantName ?? '', weight: CurrentWeight ?? 0, machines: CurrentInstanceCount ?? 0 };
}

async function unlessOvertaken(answer: Promise<unknown>): Promise<boolean> {
  try {
    await answer;
    return true;
  } catch (error) {
    if (isNameTaken(error) || isOvertaken(error)) return false;
    throw error;
  }
}

/** It is being changed, a configuration is gone because a newer one counts, or a variant is. */
function isOvertaken(error: unknown): boolean {
  return (
    error instanceof Error &&
    error.name === 'ValidationException' &&
    /could not find|not found|does not exist|cannot (update|delete) in-progress|not present within|in status|is in (the )?\w+ state/i.test(
      error.message,
    )
  );
}
