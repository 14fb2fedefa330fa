import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** The programs that docs/how-to/train-on-kubernetes.md asks of an image, and what its shell script uses. */
const applets = ['sh', 'cp', 'head', 'mkdir', 'rm', 'kill', 'sleep', 'cat', 'echo', 'true'];

/**
 * An image as an OCI archive, made without a registry: a shell, and folders at which the machine's own programs are mounted.
 *
 * @param busybox a static one
 * @param architecture as Go names it
 */
export async function writeImage(file: string, name: string, { busybox, architecture }: { busybox: string; architecture: string }) {
  const folder = await mkdtemp(`${file}-`);
  const root = join(folder, 'root');
  const blobs = join(folder, 'image', 'blobs', 'sha256');
  await Promise.all(
    [...['bin', 'usr', 'tmp', 'etc'].map((each) => join(root, each)), blobs].map((each) => mkdir(each, { recursive: true })),
  );
  await copyFile(busybox, join(root, 'bin', 'busybox'));
  await Promise.all(applets.map((applet) => symlink('busybox', join(root, 'bin', applet))));
  for (const library of ['lib', 'lib64']) await symlink(join('usr', library), join(root, library));
  await writeFile(join(root, 'etc', 'passwd'), 'root:x:0:0::/:/bin/sh\ntrainer:x:10001:10001::/tmp:/bin/sh\n');
  const layer = await tar(root);
  const config = Buffer.from(
    JSON.stringify({
      architecture,
      os: 'linux',
      config: { Entrypoint: ['/bin/sleep', '1000000000'], Env: ['PATH=/bin:/usr/local/bin:/usr/bin'] },
      rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
    }),
  );
  const blob = (type: string, bytes: Buffer) => ({
    mediaType: `application/vnd.oci.image.${type}`,
    digest: digestOf(bytes),
    size: bytes.length,
  });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: blob('config.v1+json', config),
      layers: [blob('layer.v1.tar', layer)],
    }),
  );
  const named = { ...blob('manifest.v1+json', manifest), annotations: { 'io.containerd.image.name': name } };
  await Promise.all([layer, config, manifest].map((bytes) => writeFile(join(blobs, digestOf(bytes).slice('sha256:'.length)), bytes)));
  await writeFile(join(folder, 'image', 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(join(folder, 'image', 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [named] }));
  await writeFile(file, await tar(join(folder, 'image')));
  await rm(folder, { recursive: true });
}

async function tar(folder: string): Promise<Buffer> {
  const args = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0', '--create', '--directory', folder, '.'];
  return (await run('tar', args, { encoding: 'buffer', maxBuffer: 2 ** 28 })).stdout;
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
