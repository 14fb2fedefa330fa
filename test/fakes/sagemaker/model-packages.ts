import { FakeRefusal } from './refusal.js';
import type { Document } from './server.js';

interface FakePackage {
  readonly version: number;
  readonly request: Document;
  readonly changes: Document;
}

const groupArn = 'arn:aws:sagemaker:us-east-1:000000000000:model-package-group/';

/** SageMaker's model registry: groups with tags, versions with an approval status. */
export function createFakeModelPackages(): Record<string, (input: Document) => Document> {
  const groups = new Map<string, { versions: Map<number, FakePackage>; next: number; tokens: Map<string, number> }>();
  const tags = new Map<string, Map<string, string>>();
  return {
    CreateModelPackageGroup({ ModelPackageGroupName: name }) {
      if (groups.has(String(name)))
        throw new FakeRefusal('ValidationException', `Model Package Group already exists: ${groupArn}${String(name)}`);
      groups.set(String(name), { versions: new Map(), next: 1, tokens: new Map() });
      tags.set(groupArn + String(name), new Map());
      return { ModelPackageGroupArn: groupArn + String(name) };
    },
    DescribeModelPackageGroup({ ModelPackageGroupName: name }) {
      group(name);
      return { ModelPackageGroupName: name, ModelPackageGroupArn: groupArn + String(name), ModelPackageGroupStatus: 'Completed' };
    },
    CreateModelPackage(request) {
      const { versions, tokens, ...found } = group(request.ModelPackageGroupName);
      const token = request.ClientToken as string | undefined;
      const known = token === undefined ? undefined : tokens.get(token);
      const version = known ?? found.next;
      if (known === undefined) {
        groups.get(String(request.ModelPackageGroupName))!.next += 1;
        versions.set(version, { version, request, changes: {} });
        if (token !== undefined) tokens.set(token, version);
      }
      return { ModelPackageArn: packageArn(request.ModelPackageGroupName, version) };
    },
    ListModelPackages({ ModelPackageGroupName: name, MaxResults: max = 10, NextToken: token = '0', ModelApprovalStatus: wanted }) {
      const statusOf = ({ request, changes }: FakePackage) => changes.ModelApprovalStatus ?? request.ModelApprovalStatus;
      const all = [...group(name).versions.values()].reverse().filter((version) => wanted === undefined || statusOf(version) === wanted);
      const page = all.slice(Number(token), Number(token) + Number(max));
      const next = Number(token) + page.length;
      return {
        ModelPackageSummaryList: page.map(({ version, request }) => ({
          ModelPackageArn: packageArn(name, version),
          ModelPackageVersion: version,
          ModelPackageDescription: request.ModelPackageDescription,
        })),
        ...(next < all.length && { NextToken: String(next) }),
      };
    },
    DescribeModelPackage({ ModelPackageName: arn }) {
      const { version, request, changes } = byArn(arn);
      return { ...request, ...changes, ModelPackageArn: arn, ModelPackageVersion: version };
    },
    UpdateModelPackage({ ModelPackageArn: arn, ...changes }) {
      Object.assign(byArn(arn).changes, changes);
      return { ModelPackageArn: arn };
    },
    DeleteModelPackage({ ModelPackageName: arn }) {
      const { version } = byArn(arn);
      group(String(arn).split('/').at(-2)).versions.delete(version);
      return {};
    },
    AddTags({ ResourceArn: arn, Tags: added }) {
      for (const { Key, Value } of added as { Key: string; Value: string }[]) tagsOf(arn).set(Key, Value);
      return {};
    },
    DeleteTags({ ResourceArn: arn, TagKeys: keys }) {
      for (const key of keys as string[]) tagsOf(arn).delete(key);
      return {};
    },
    ListTags({ ResourceArn: arn }) {
      return { Tags: [...tagsOf(arn)].map(([Key, Value]) => ({ Key, Value })) };
    },
  };

  function group(name: unknown) {
    const found = groups.get(String(name));
    if (!found) throw new FakeRefusal('ValidationException', `ModelPackageGroup ${groupArn}${String(name)} does not exist.`);
    return found;
  }

  function byArn(arn: unknown): FakePackage {
    const [name, version] = String(arn).split('/').slice(-2);
    const found = groups.get(name!)?.versions.get(Number(version));
    if (!found) throw new FakeRefusal('ValidationException', `ModelPackage ${String(arn)} does not exist`);
    return found;
  }

  function tagsOf(arn: unknown): Map<string, string> {
    const found = tags.get(String(arn));
    if (!found) throw new FakeRefusal('ResourceNotFound', `${String(arn)} not found`);
    return found;
  }
}

function packageArn(name: unknown, version: number): string {
  return `${groupArn.replace('-group/', '/')}${String(name)}/${version}`;
}
