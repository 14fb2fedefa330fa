import { request as httpRequest } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { CoreV1Api, KubeConfig, V1Pod } from '@kubernetes/client-node';
import { lastBytes, plainWords } from '../../domain/job-words.js';
import { ask } from './job-api.js';
import { CONTAINER } from './job-names.js';

/** A line is seldom shorter: asked for by lines, since the API cuts bytes at the wrong end. */
const bytesPerLine = 20;
const lastWordsMsMax = 2000;

/**
 * The last bytes of a pod's log, beginning with a whole line; where its node does not answer, what its status kept of it.
 */
export async function readPodLog(core: CoreV1Api, pod: V1Pod, bytesMax: number, container = CONTAINER): Promise<string> {
  const text = await askPodLog(core, pod, bytesMax, container);
  const end = pod.status?.containerStatuses?.find((status) => status.name === container)?.state?.terminated;
  // Of a container that ended well the message is its result.
  return lastBytes(plainWords(text || (end && end.exitCode !== 0 ? (end.message ?? '') : '')), bytesMax);
}

/** Its last lines, at least so many bytes where it has them; null: neither its node nor its API server has them just now. */
export async function askPodLog(core: CoreV1Api, pod: V1Pod, bytesMax: number, container = CONTAINER): Promise<string | null> {
  const { name, namespace } = pod.metadata!;
  const request = core.readNamespacedPodLog({ name: name!, namespace: namespace!, container, tailLines: linesOf(bytesMax) });
  return ask(`log of pod ${namespace}/${name}`, request)
    .then(withoutExcuse)
    .catch(() => null); // its node may never answer
}

/**
 * Listens to a log while its pod is being ended, in one request: afterwards nobody has it.
 *
 * @returns gives the last words, when there are no more of them or at the latest after two seconds
 */
export function followLog(kubeConfig: KubeConfig, pod: V1Pod, bytesMax: number): () => Promise<string> {
  const listening = new AbortController();
  let text = '';
  const ended = listen().catch(() => undefined); // its node does not answer
  return async () => {
    const late = setTimeout(() => listening.abort(), lastWordsMsMax);
    await ended;
    clearTimeout(late);
    return lastBytes(plainWords(withoutExcuse(text)), bytesMax);
  };

  async function listen(): Promise<void> {
    const { name, namespace } = pod.metadata!;
    const query = `container=${CONTAINER}&follow=true&tailLines=${linesOf(bytesMax)}`;
    const url = new URL(`${kubeConfig.getCurrentCluster()!.server}/api/v1/namespaces/${namespace}/pods/${name}/log?${query}`);
    const options: RequestOptions = { signal: listening.signal };
    await kubeConfig.applyToHTTPSOptions(options);
    await new Promise<void>((resolve, reject) => {
      const asked = (url.protocol === 'http:' ? httpRequest : httpsRequest)(url, options, (reply) => {
        reply.setEncoding('utf8').on('error', reject).on('close', resolve);
        reply.on('data', (words: string) => {
          if (reply.statusCode === 200) text = (text + words).slice(-2 * bytesMax);
        });
      });
      asked.on('error', reject).end();
    });
  }
}

function linesOf(bytesMax: number): number {
  return Math.max(100, Math.ceil(bytesMax / bytesPerLine));
}

/** What a kubelet answers, as if it were the log, where it has removed the container. */
function withoutExcuse(text: string): string {
  return /^unable to retrieve container logs for \S+$/.test(text.trim()) ? '' : text;
}
