import { lstatSync, realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import type { KubernetesCluster } from '../../../src/domain/kubernetes-cluster.js';

/** What a pod needs of this machine so that its node and, where one is named, its Python run there. */
export function machineFolders(python?: { readonly dir: string; readonly python: string }): string[] {
  const system = ['/usr', '/lib', '/lib64'].filter((folder) => lstatSync(folder, { throwIfNoEntry: false })?.isDirectory());
  const programs = [realpathSync(process.execPath), ...(python === undefined ? [] : [realpathSync(python.python)])];
  const prefixes = programs.map((program) => dirname(dirname(program)));
  // An environment's own folder may be for its owner alone; what lies in it is not.
  const environment = python === undefined ? [] : ['bin', 'lib', 'pyvenv.cfg'].map((name) => join(python.dir, name));
  return [...new Set([...system, ...prefixes.filter((prefix) => !prefix.startsWith(`${system[0]}${sep}`) && prefix !== system[0]), ...environment])]; // prettier-ignore
}

/** A folder (or file) of this machine as a volume, and the claim that it is for, both named `name`. */
export function volumeManifests(namespace: string, name: string, path: string): object[] {
  const spec = { accessModes: ['ReadWriteMany'], storageClassName: '' };
  const volumeName = `${namespace}-${name}`;
  return [
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: volumeName },
      spec: { ...spec, capacity: { storage: '1Gi' }, hostPath: { path }, claimRef: { namespace, name } },
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name, namespace },
      spec: { ...spec, volumeName, resources: { requests: { storage: '1Gi' } } },
    },
  ];
}

/** This machine's folders as `trainer.cluster.volumes`, at the paths that they have here. */
export function machineVolumes(
  namespace: string,
  folders: readonly string[],
): { manifests: object[]; volumes: KubernetesCluster['volumes'] } {
  const named = folders.map((path, index) => ({ path, claim: `machine-${index}` }));
  return {
    manifests: named.flatMap(({ path, claim }) => volumeManifests(namespace, claim, path)),
    volumes: named.map(({ path, claim }) => ({ claim, mountPath: path, readOnly: true })),
  };
}
