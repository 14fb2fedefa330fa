import { ApiException, CoreV1Api, CustomObjectsApi, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import type { KubeConfig, V1Service, V1ServiceSpec } from '@kubernetes/client-node';
import { RatchetError } from '../../domain/failure.js';

/** Who writes routes: whatever another manager changes is a hand edit. */
const FIELD_MANAGER = 'ratchet-traffic';
const ANSWER_MS_MAX = 30_000;
const forced = setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply);

/** Where objects of a kind lie. */
export interface RouteKind {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
}

/** An object as the API server gives it. */
export interface RouteObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    /** With these it goes, too. */
    readonly ownerReferences?: readonly {
      readonly apiVersion: string;
      readonly kind: string;
      readonly name: string;
      readonly uid: string;
    }[];
  };
  readonly spec: object;
  readonly status?: unknown;
}

/** A Service whose pods somebody else chooses. */
export interface RouteService {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: V1ServiceSpec;
}

export interface ServiceReading {
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The labels of its pods. */
  readonly selector: Readonly<Record<string, string>>;
}

/** The few calls that routes need. @throws {RatchetError} RouterUnavailable, RouterRefused: with the server's words, AccessDenied */
export interface RouteApi {
  /** null: there is none. */
  read(kind: RouteKind, name: string): Promise<RouteObject | null>;
  /** null: nobody lets us look, or nobody there knows the kind. @param elsewhere another namespace than that of the routes */
  lookAt(kind: RouteKind, name: string, elsewhere?: string): Promise<RouteObject | 'missing' | null>;
  /** null: there is one meanwhile. */
  create(kind: RouteKind, object: RouteObject): Promise<RouteObject | null>;
  /** Takes over what others have changed. null: `metadata.resourceVersion` is no longer the newest, or it is gone. */
  apply(kind: RouteKind, object: RouteObject): Promise<RouteObject | null>;
  /** Only where it is still this one, unchanged. False: it is not. */
  remove(kind: RouteKind, object: RouteObject): Promise<boolean>;
  /** null: there is none. */
  readService(name: string): Promise<ServiceReading | null>;
  /** Makes a Service where there is none of this name; one that is there stays as it is. */
  ensureService(service: RouteService): Promise<ServiceReading>;
}

export function createRouteApi(kubeConfig: KubeConfig, namespace: string): RouteApi {
  const objects = kubeConfig.makeApiClient(CustomObjectsApi);
  const core = kubeConfig.makeApiClient(CoreV1Api);
  const placeOf = ({ group, version, plural }: RouteKind) => ({ group, version, plural, namespace });
  return {
    read: (kind, name) => answer(`${kind.kind} ${name}`, objects.getNamespacedCustomObject({ ...placeOf(kind), name }), [404]),
    lookAt: (kind, name, elsewhere = namespace) =>
      answer<RouteObject | 'missing'>(
        `${kind.kind} ${elsewhere}/${name}`,
        objects.getNamespacedCustomObject({ ...placeOf(kind), namespace: elsewhere, name }).catch((error: unknown) => {
          if (isMissing(error, name)) return 'missing';
          throw error;
        }),
        [403, 404],
      ),
    create: (kind, body) =>
      answer(
        `${kind.kind} ${body.metadata.name}`,
        objects.createNamespacedCustomObject({ ...placeOf(kind), body, fieldManager: FIELD_MANAGER, fieldValidation: 'Strict' }),
        [409],
      ),
    apply: (kind, body) => {
      const { name } = body.metadata;
      const request = { ...placeOf(kind), name, body, fieldManager: FIELD_MANAGER, fieldValidation: 'Strict', force: true };
      return answer(`${kind.kind} ${name}`, objects.patchNamespacedCustomObject(request, forced), [404, 409]);
    },
    async remove(kind, { metadata: { name, uid, resourceVersion } }) {
      const preconditions = { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) };
      const request = objects.deleteNamespacedCustomObject({ ...placeOf(kind), name, body: { preconditions } });
      return (await answer(`${kind.kind} ${name}`, request, [404, 409])) !== null;
    },
    readService,
    async ensureService({ name, labels, spec }) {
      for (;;) {
        const found = await readService(name);
        if (found !== null) return found;
        const body = { metadata: { name, labels }, spec };
        await answer(`Service ${name}`, core.createNamespacedService({ namespace, body, fieldManager: FIELD_MANAGER }), [409]);
      }
    },
  };

  async function readService(name: string): Promise<ServiceReading | null> {
    const found = await answer<V1Service>(`Service ${name}`, core.readNamespacedService({ name, namespace }), [404]);
    return found && { uid: found.metadata!.uid!, labels: found.metadata!.labels ?? {}, selector: found.spec?.selector ?? {} };
  }
}

async function answer<T>(what: string, request: Promise<unknown>, nothing: readonly number[]): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ANSWER_MS_MAX / 1000} s`)), ANSWER_MS_MAX);
  });
  try {
    return (await Promise.race([request, late])) as T;
  } catch (error) {
    if (error instanceof ApiException && nothing.includes(error.code)) return null;
    throw explained(error, what);
  } finally {
    clearTimeout(timer);
  }
}

function explained(error: unknown, what: string): RatchetError {
  const status = error instanceof ApiException ? error.code : null;
  const said = `${what}: the Kubernetes API server ${status === null ? 'does not answer' : `said ${status}`}: ${wordsOf(error)}`;
  if (status === 401 || status === 403)
    return new RatchetError('AccessDenied', said, {
      remedy: 'give the worker the rights in deploy/kubernetes that belong to its router, in this namespace',
      cause: error,
    });
  if (status === 400 || status === 422) return new RatchetError('RouterRefused', said, { cause: error });
  if (status === 404)
    return new RatchetError('RouterUnavailable', said, {
      remedy: 'install the custom resource definitions of the mesh or gateway',
      cause: error,
    });
  return new RatchetError('RouterUnavailable', said, { cause: error });
}

/** The kind is known, and there is none of this name. */
function isMissing(error: unknown, name: string): boolean {
  if (!(error instanceof ApiException) || error.code !== 404) return false;
  const { reason, details } = statusIn(error);
  return reason === 'NotFound' && details?.name === name;
}

function wordsOf(error: unknown): string {
  if (!(error instanceof ApiException)) return error instanceof Error ? error.message : String(error);
  const { message } = statusIn(error);
  return typeof message === 'string' ? message.slice(0, 1000) : String(error.body).slice(0, 300);
}

/** What the API server says of a request that failed; nothing where it said it in another form. */
function statusIn({ body }: ApiException<unknown>): { message?: unknown; reason?: unknown; details?: { name?: unknown } } {
  try {
    return ((typeof body === 'string' ? JSON.parse(body) : body) ?? {}) as { message?: unknown };
  } catch {
    return {};
  }
}
