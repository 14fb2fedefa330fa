import { randomUUID } from 'node:crypto';
import type { CreateModelPackageCommandInput, ListModelPackagesInput, ModelPackageSummary, SageMaker } from '@aws-sdk/client-sagemaker';
import { digestOfBytes } from '../../domain/digest.js';
import type { Digest } from '../../domain/digest.js';
import { RatchetError } from '../../domain/failure.js';
import type { ModelRegistry, RegisteredVersion, RegisterRequest, RegistryAlias } from '../../ports/model-registry.js';
import { lazySageMaker } from './sagemaker-client.js';
import { askedForVersions, explainSageMakerError, isNameTaken, unlessMissing } from './sagemaker-error.js';

/** How we know our versions: a property, and at the end of the description, which lists show. */
const digestProperty = 'ratchet.candidate_digest';
const propertyCharsMax = 256;

export interface SageMakerModelRegistryOptions {
  /** AWS_REGION, AWS_ENDPOINT_URL_SAGEMAKER, and the credentials as the SDK finds them. */
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * Versions as model packages of a group; aliases as tags of the group, `ratchet:champion` and `ratchet:challenger`. The
 * approval status follows them, so that the newest approved version is the champion: pending while it is a challenger,
 * approved once it is champion, rejected where it is neither any more without having been, or was rolled back.
 */
export function createSageMakerModelRegistry({ environment = process.env }: SageMakerModelRegistryOptions): ModelRegistry {
  const client = lazySageMaker(environment);
  return { register, setAlias, deleteAlias, getAlias };

  async function register(request: RegisterRequest): Promise<RegisteredVersion> {
    const { candidateDigest } = request;
    const name = checkName(request.name);
    const found = await findVersion(name, candidateDigest);
    if (found) return found;
    await createGroup(name);
    let created = await createVersion(request, candidateDigest);
    // Somebody may have registered the same candidate meanwhile: all take the lowest number, the others take theirs away.
    let agreed = await findVersion(name, candidateDigest);
    if (!agreed) {
      // SageMaker remembers a request for longer than a version that somebody deleted.
      created = await createVersion(request, randomUUID());
      agreed = await findVersion(name, candidateDigest);
    }
    if (!agreed) throw refused(name, `version ${created} with ${digestProperty}, which was just registered`, 'none');
    if (agreed.registryVersion !== created) {
      const ModelPackageName = await versionArn(name, created);
      await ask(`DeleteModelPackage ${name}/${created}`, (sageMaker) => unlessMissing(sageMaker.deleteModelPackage({ ModelPackageName })));
    }
    return agreed;
  }

  /** The lowest version with this digest; null where there is none. */
  async function findVersion(name: string, digest: Digest): Promise<RegisteredVersion | null> {
    const versions = (await listVersions(name)).filter(({ ModelPackageDescription: said }) => said?.endsWith(mark(digest)));
    const lowest = numbers(versions)[0];
    const found = lowest === undefined ? null : await describeVersion(name, String(lowest));
    return found && { registryVersion: found.registryVersion, tags: found.tags };
  }

  async function listVersions(name: string, filter: Pick<ListModelPackagesInput, 'ModelApprovalStatus'> = {}) {
    const versions: ModelPackageSummary[] = [];
    for (let NextToken: string | undefined; ;) {
      const input = { ModelPackageGroupName: name, MaxResults: 100, ...filter, ...(NextToken && { NextToken }) };
      const page = await ask(`ListModelPackages ${name}`, (sageMaker) => unlessMissing(sageMaker.listModelPackages(input)));
      versions.push(...(page?.ModelPackageSummaryList ?? []));
      if (!(NextToken = page?.NextToken)) return versions;
    }
  }

  async function describeVersion(
    name: string,
    registryVersion: string,
    group?: string,
  ): Promise<(RegisteredVersion & { status: string }) | null> {
    const arn = await versionArn(name, registryVersion, group);
    const found =
      arn &&
      (await ask(`DescribeModelPackage ${name}/${registryVersion}`, (sageMaker) =>
        unlessMissing(sageMaker.describeModelPackage({ ModelPackageName: arn })),
      ));
    return found ? { registryVersion, tags: found.CustomerMetadataProperties ?? {}, status: found.ModelApprovalStatus ?? '' } : null;
  }

  async function createGroup(name: string): Promise<void> {
    try {
      await (
        await client()
      ).createModelPackageGroup({
        ModelPackageGroupName: name,
        ModelPackageGroupDescription: 'Kept by Ratchet: its ledger decides which version is champion.',
      });
    } catch (error) {
      if (!isNameTaken(error)) throw explainSageMakerError(error, `SageMaker CreateModelPackageGroup ${name}`, askedForVersions);
    }
  }

  /** @param wish asked twice, it is one version */
  async function createVersion(request: RegisterRequest, wish: string): Promise<string> {
    const answer = await ask(`CreateModelPackage ${request.name}`, (sageMaker) =>
      sageMaker.createModelPackage(versionInput(request, wish)),
    );
    const version = /\/(\d+)$/.exec(answer.ModelPackageArn ?? '')?.[1];
    if (version === undefined) throw refused(request.name, 'the ARN of a model package', answer.ModelPackageArn ?? 'none');
    return version;
  }

  /** The tag is put last: where it is, all of it is done. */
  async function setAlias(name: string, alias: RegistryAlias, registryVersion: string): Promise<void> {
    const group = await groupArn(checkName(name));
    const version = group && (await describeVersion(name, registryVersion, group));
    if (!version) throw refused(name, `version ${registryVersion}, to be ${alias}`, 'no such version');
    if (alias === 'champion') await approveOnly(name, version);
    else await passOver(group, name, registryVersion);
    await ask(`AddTags ${name}`, (sageMaker) =>
      sageMaker.addTags({ ResourceArn: group, Tags: [{ Key: tagOf(alias), Value: registryVersion }] }),
    );
  }

  /** The newest approved version is the champion: after a rollback no later one may be. */
  async function approveOnly(name: string, { registryVersion, status }: RegisteredVersion & { status: string }): Promise<void> {
    if (status !== 'Approved') await setStatus(name, registryVersion, 'Approved', 'champion');
    const approved = (await listVersions(name, { ModelApprovalStatus: 'Approved' })).filter(isOurs);
    for (const later of numbers(approved))
      if (later > Number(registryVersion)) await setStatus(name, String(later), 'Rejected', `rolled back to version ${registryVersion}`);
  }

  /** The challenger before, where nobody decided about it. */
  async function passOver(group: string, name: string, registryVersion: string): Promise<void> {
    const before = await aliasTag(group, name, 'challenger');
    if (before === null || before === registryVersion) return;
    const replaced = await describeVersion(name, before, group);
    if (replaced?.status === 'PendingManualApproval')
      await setStatus(name, before, 'Rejected', `passed over by version ${registryVersion}`);
  }

  async function deleteAlias(name: string, alias: RegistryAlias): Promise<void> {
    const group = await groupArn(checkName(name));
    const held = group && (await aliasTag(group, name, alias));
    if (!held) return;
    const undecided = alias === 'challenger' ? 'PendingManualApproval' : 'Approved';
    if ((await describeVersion(name, held, group))?.status === undecided) await setStatus(name, held, 'Rejected', `no longer ${alias}`);
    await ask(`DeleteTags ${name}`, (sageMaker) => sageMaker.deleteTags({ ResourceArn: group, TagKeys: [tagOf(alias)] }));
  }

  /** One that is gone has no tags. */
  async function getAlias(name: string, alias: RegistryAlias): Promise<RegisteredVersion | null> {
    const group = await groupArn(checkName(name));
    const registryVersion = group && (await aliasTag(group, name, alias));
    if (!registryVersion) return null;
    return { registryVersion, tags: (await describeVersion(name, registryVersion, group))?.tags ?? {} };
  }

  async function aliasTag(group: string, name: string, alias: RegistryAlias): Promise<string | null> {
    for (let NextToken: string | undefined; ;) {
      const page = await ask(`ListTags ${name}`, (sageMaker) =>
        sageMaker.listTags({ ResourceArn: group, ...(NextToken && { NextToken }) }),
      );
      const tag = page.Tags?.find(({ Key }) => Key === tagOf(alias));
      if (tag) return tag.Value ?? null;
      if (!(NextToken = page.NextToken)) return null;
    }
  }

  async function setStatus(name: string, registryVersion: string, status: 'Approved' | 'Rejected', why: string): Promise<void> {
    const ModelPackageArn = await versionArn(name, registryVersion);
    await ask(`UpdateModelPackage ${name}/${registryVersion}`, (sageMaker) =>
      sageMaker.updateModelPackage({
        ModelPackageArn: ModelPackageArn!,
        ModelApprovalStatus: status,
        ApprovalDescription: `Ratchet: ${why}`,
      }),
    );
  }

  async function groupArn(name: string): Promise<string | null> {
    const found = await ask(`DescribeModelPackageGroup ${name}`, (sageMaker) =>
      unlessMissing(sageMaker.describeModelPackageGroup({ ModelPackageGroupName: name })),
    );
    return found?.ModelPackageGroupArn ?? null;
  }

  async function versionArn(name: string, registryVersion: string, known?: string): Promise<string | undefined> {
    const group = known ?? (await groupArn(name));
    return group === null ? undefined : `${group.replace(':model-package-group/', ':model-package/')}/${registryVersion}`;
  }

  async function ask<T>(what: string, call: (sageMaker: SageMaker) => Promise<T>): Promise<T> {
    try {
      return await call(await client());
    } catch (error) {
      throw explainSageMakerError(error, `SageMaker ${what}`, askedForVersions);
    }
  }
}

function versionInput({ name, candidateDigest, source, description, tags }: RegisterRequest, wish: string): CreateModelPackageCommandInput {
  const properties = { ...tags, 'ratchet.source': source, [digestProperty]: candidateDigest };
  const commit = tags['ratchet.commit'];
  return {
    ModelPackageGroupName: name,
    // The same request again within SageMaker's memory of it gives the same version; later the description is found.
    ClientToken: digestOfBytes(`${name}/${wish}`).slice('sha256:'.length, 'sha256:'.length + 32),
    ModelPackageDescription: `${description} ${mark(candidateDigest)}`,
    ModelApprovalStatus: 'PendingManualApproval',
    SourceUri: source,
    CustomerMetadataProperties: Object.fromEntries(
      Object.entries(properties).map(([key, value]) => [key, value.slice(0, propertyCharsMax)]),
    ),
    MetadataProperties: { GeneratedBy: 'ratchet', ...(commit !== undefined && { CommitId: commit }) },
    ...metricsOf(source, tags),
  };
}

/** The evaluation that it was judged by, where the store is a bucket: SageMaker's pages show it beside the version. */
function metricsOf(source: string, tags: RegisterRequest['tags']): Pick<CreateModelPackageCommandInput, 'ModelMetrics'> {
  const digest = tags['ratchet.evidence.evaluate'];
  const [, store] = /^(s3:\/\/.+)\/objects\/sha256\//.exec(source) ?? [];
  if (digest === undefined || store === undefined) return {};
  const hex = digest.slice('sha256:'.length);
  const S3Uri = `${store}/objects/sha256/${hex.slice(0, 2)}/${hex}`;
  return { ModelMetrics: { ModelQuality: { Statistics: { ContentType: 'application/json', S3Uri } } } };
}

function numbers(versions: readonly ModelPackageSummary[]): number[] {
  return versions.flatMap(({ ModelPackageVersion: version }) => version ?? []).sort((a, b) => a - b);
}

/** Others may register packages in the group: what they approve is theirs. */
function isOurs({ ModelPackageDescription: said }: ModelPackageSummary): boolean {
  return /\[sha256:[0-9a-f]{64}\]$/.test(said ?? '');
}

function mark(digest: Digest): string {
  return `[${digest}]`;
}

function tagOf(alias: RegistryAlias): string {
  return `ratchet:${alias}`;
}

function checkName(name: string): string {
  if (/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/.test(name)) return name;
  throw refused(JSON.stringify(name.slice(0, 200)), 'the name of a model package group: letters, digits and "-", at most 63', 'another');
}

function refused(name: string, expected: string, found: string): RatchetError {
  return new RatchetError('RegistryRefused', `SageMaker, model ${name}: expected ${expected}, found ${found}`);
}
