import { mkdir, open } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { RatchetError } from '../../domain/failure.js';
import type { Notice, Notifier } from '../../ports/notifier.js';

const rememberedMax = 10_000;
const lookBackBytes = 256 * 1024;

/**
 * Tells people through a file, `<home>/notices.jsonl` (one JSON document a line, the newest last), and through the worker's
 * log. A notice that this process or the end of the file already has is not told again.
 */
export function createLocalNotifier(home: string, log: (line: string) => void, now: () => Date = () => new Date()): Notifier {
  const file = join(resolve(home), 'notices.jsonl');
  const told = new Set<string>();
  const logged = new Set<string>();
  let remembering: Promise<void> | undefined;
  return { notify };

  async function notify(notice: Notice): Promise<void> {
    try {
      await (remembering ??= rememberTold());
      if (told.has(notice.id)) return;
      await append(`${JSON.stringify({ at: now().toISOString(), ...notice })}\n`);
    } catch (error) {
      remembering = undefined;
      logOnce(notice); // a full disk takes no file, and may be what people must hear of
      throw new RatchetError('NotifierUnavailable', `notices ${file}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
    remember(notice.id);
    logOnce(notice);
  }

  function logOnce(notice: Notice): void {
    if (logged.has(notice.id)) return;
    if (logged.size >= rememberedMax) logged.clear();
    logged.add(notice.id);
    log(
      `${notice.severity === 'action' ? 'ACTION NEEDED' : 'note'} ${notice.model}: ${notice.title}${notice.to.length ? ` (for ${notice.to.join(', ')})` : ''}: ${notice.text}`,
    );
  }

  async function append(line: string): Promise<void> {
    await mkdir(dirname(file), { recursive: true });
    const handle = await open(file, 'a', 0o600);
    try {
      await handle.appendFile(line); // one write: lines of several workers do not mix
      await handle.datasync();
    } finally {
      await handle.close();
    }
  }

  async function rememberTold(): Promise<void> {
    for (const line of (await readEnd(file)).split('\n')) {
      const id = /"id":"((?:[^"\\]|\\.)*)"/.exec(line)?.[1];
      if (id !== undefined) remember(JSON.parse(`"${id}"`) as string);
    }
  }

  function remember(id: string): void {
    told.add(id);
    for (const oldest of told) {
      if (told.size <= rememberedMax) return;
      told.delete(oldest);
    }
  }
}

async function readEnd(file: string): Promise<string> {
  const handle = await open(file, 'r').catch(() => null);
  if (!handle) return '';
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read({
      buffer: Buffer.alloc(Math.min(size, lookBackBytes)),
      position: Math.max(0, size - lookBackBytes),
    });
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
