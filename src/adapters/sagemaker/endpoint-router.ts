import { RatchetError } from '../../domain/failure.js';
import { instancesOfRoute, isSameRoute, refuseHold, refuseInvalidRoute, refuseStaleShift } from '../../domain/route-fence.js';
import type { Arm, Route } from '../../domain/serving.js';
import type { RouteReading, TrafficRouter } from '../../ports/traffic-router.js';
import { openEndpoint, patient } from './endpoint.js';
import type { Endpoint, EndpointTimes } from './endpoint.js';
import { answers, askingFor, isChanging } from './endpoint-api.js';
import type { SeenEndpoint } from './endpoint-api.js';
import { variantName, withRoute } from './endpoint-entry.js';
import type { EndpointEntry } from './endpoint-entry.js';
import { EndpointGaveUp, explainGaveUp, isCapacity } from './endpoint-failure.js';
import { lazySageMaker } from './sagemaker-client.js';
import type { AskedFor } from './sagemaker-error.js';
import { servedModels } from './served-model.js';
import type { ServedModel, ServingAccount } from './served-model.js';

export interface SageMakerTrafficRouterOptions extends ServingAccount {
  /** Where callers ask: what stands before the endpoint and speaks the Open Inference Protocol, or SageMaker itself. */
  readonly url: string;
  readonly environment?: NodeJS.ProcessEnv;
  readonly times?: EndpointTimes;
}

const askedForRoutes: AskedFor = { unavailable: 'RouterUnavailable', full: 'RouterUnavailable', refused: 'RouterRefused' };

/** Requests divided by the weights of an endpoint's variants; copies by its one shadow variant. */
export function createSageMakerTrafficRouter(options: SageMakerTrafficRouterOptions): TrafficRouter {
  const { url, environment = process.env, times = patient } = options;
  const client = lazySageMaker(environment);
  const models = servedModels(askingFor(client, askedForRoutes), options);
  const hold = async (model: string, isHeld: boolean): Promise<void> => refuseHold(model, isHeld, 'a SageMaker endpoint');
  return { url, shift, hold, read, refresh: () => Promise.resolve() }; // SageMaker knows where its machines are

  function endpointOf(model: string): Endpoint {
    return openEndpoint(client, models.endpointOf(model), { asked: askedForRoutes, times, tags: { 'ratchet:model': model } });
  }

  async function shift(route: Route, signal: AbortSignal): Promise<void> {
    refuseInvalidRoute(route);
    refuseWhatSageMakerCannot(route);
    const known = await modelsOf(route);
    const endpoint = endpointOf(route.model);
    await endpoint.change((newest) => {
      signal.throwIfAborted();
      const entry = newest ?? { shape: known[0]!.shape, variants: [], asked: null };
      const next = withRoute(
        entry,
        route,
        known.map(({ variant }) => variant),
      );
      if (entry.asked === null) return next;
      refuseStaleShift(entry.asked, route);
      return isSameRoute(entry.asked, route) ? null : next;
    });
    const check = (newest: EndpointEntry): void => {
      if (newest.asked !== null) refuseStaleShift(newest.asked, route);
    };
    try {
      await endpoint.bring({ signal, check });
    } catch (error) {
      if (!(error instanceof EndpointGaveUp)) throw error;
      if (!isCapacity(error.reason)) await goBack(endpoint, route);
      throw explainGaveUp(error, `route of ${route.model}`, {
        full: 'RouterUnavailable',
        refused: 'RouterRefused',
        mended: 'mend what SageMaker names; the route before is in force',
      });
    }
  }

  async function modelsOf(route: Route): Promise<ServedModel[]> {
    const found: ServedModel[] = [];
    for (const instance of instancesOfRoute(route)) {
      const served = await models.find(instance);
      if (served === null)
        throw new RatchetError(
          'RouterUnavailable',
          `route of ${route.model}: expected a model of instance ${instance} in SageMaker, found none`,
        );
      found.push(served);
    }
    return found;
  }

  /** Unless another one is asked for meanwhile: that one asks for itself. */
  async function goBack(endpoint: Endpoint, refused: Route): Promise<void> {
    await endpoint.change((newest) => {
      if (newest?.asked == null || newest.before === null || !isSameRoute(newest.asked, refused)) return null;
      const standing = newest.shadow ? [...newest.variants, newest.shadow] : newest.variants;
      const { before } = newest;
      const isThere = instancesOfRoute(before).every((instance) => standing.some(({ name }) => name === variantName(instance)));
      return isThere ? { ...withRoute(newest, before, standing), before: null } : null;
    });
  }

  async function read(model: string): Promise<RouteReading | null> {
    const endpoint = endpointOf(model);
    const newest = await endpoint.newest();
    const asked = newest?.asked ?? null;
    if (asked === null) return null;
    const seen = await endpoint.describe();
    const inForce = seen && answers(seen) ? splitOf(seen, asked) : null;
    return {
      asked,
      inForce,
      isHeld: false,
      ...(seen !== null && isChanging(seen) && { isSettling: true }),
      ...(newest?.before != null && { before: { splits: newest.before.splits, mirror: newest.before.mirror } }),
    };
  }
}

/** @throws {RatchetError} RouterRefused */
function refuseWhatSageMakerCannot({ model, settings, splits, mirror }: Route): void {
  const unknown = (['stickyBy', 'rateLimit', 'jwt'] as const).filter((name) => settings[name] !== undefined);
  if (unknown.length > 0)
    throw refused(model, `no serving.${unknown.join(', serving.')}`, 'SageMaker draws each request anew and asks AWS who the caller is', {
      remedy: 'leave it out of the model file; put what stands before the endpoint in charge of it',
    });
  if (mirror !== null && splits.length > 1)
    throw refused(model, 'copies beside one version', `${splits.length}: SageMaker lets one stand beside a shadow`, {
      remedy: 'leave copies to the shadow step, and compare by holdback while a version bakes',
    });
}

function refused(model: string, expected: string, found: string, details: { remedy: string }): RatchetError {
  return new RatchetError('RouterRefused', `route of ${model}: expected ${expected}, found ${found}`, details);
}

/** Whoever is not in the route that was asked for is nobody's we know, so a challenger. */
function splitOf({ variants, shadows }: SeenEndpoint, asked: Route): RouteReading['inForce'] {
  const known = [...asked.splits, ...(asked.mirror ? [asked.mirror] : [])];
  const armOf = (name: string): { arm: Arm; instance: string } => {
    const { arm, instance } = known.find((one) => variantName(one.instance) === name) ?? { arm: 'challenger', instance: name };
    return { arm, instance };
  };
  const sum = variants.reduce((total, { weight }) => total + weight, 0);
  const percentOf = (weight: number): number => Number(((weight / sum) * 100).toFixed(2));
  const order = ({ instance }: { instance: string }): number => known.findIndex((one) => one.instance === instance);
  const splits = variants
    .filter(({ weight }) => weight > 0)
    .map(({ name, weight }) => ({ ...armOf(name), weightPercent: percentOf(weight) }))
    .sort((left, right) => order(left) - order(right));
  return { splits, mirror: shadows[0] ? armOf(shadows[0].name) : null };
}
