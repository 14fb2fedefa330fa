import { closeSync, fstatSync, openSync, readSync, renameSync, writeSync } from 'node:fs';
import { plainWords } from '../../domain/job-words.js';
import { errorCode } from './durable-file.js';

const segmentBytesMax = 8 * 2 ** 20;
const tailBytesMax = 4 * 1024;

/**
 * Keeps the end of a job's output: two files of at most 8 MiB, `log` and before it `log.1`, however much is written. A full
 * disk costs the file, never the job; the last 4 KiB stay in memory as well.
 */
export function openJobLog(file: string) {
  let descriptor = openSync(file, 'a', 0o600);
  let bytes = fstatSync(descriptor).size;
  const all = createTail(tailBytesMax);
  const errors = createTail(tailBytesMax);
  return { write, tail: all.text, errorTail: errors.text, close: () => closeSync(descriptor) };

  function write(chunk: Buffer, stream: 'stdout' | 'stderr'): void {
    all.add(chunk);
    if (stream === 'stderr') errors.add(chunk);
    try {
      if (bytes + chunk.length > segmentBytesMax) rotate();
      bytes += writeSync(descriptor, chunk);
    } catch {
      // no room or no permission: the tail in memory has it
    }
  }

  function rotate(): void {
    renameSync(file, `${file}.1`);
    closeSync(descriptor);
    descriptor = openSync(file, 'a', 0o600);
    bytes = 0;
  }
}

/** The last bytes of a log, from both its files, beginning with a whole line where something was cut. */
export function readJobLog(file: string, bytesMax: number): string {
  const last = readEnd(file, bytesMax);
  const before = last.length < bytesMax ? readEnd(`${file}.1`, bytesMax - last.length) : Buffer.alloc(0);
  const bytes = Buffer.concat([before, last]);
  return plainWords(bytes.length < bytesMax ? bytes.toString('utf8') : fromWholeLine(bytes));
}

function readEnd(file: string, bytesMax: number): Buffer {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(size, bytesMax));
    return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, size - bytes.length));
  } finally {
    closeSync(descriptor);
  }
}

function createTail(bytesMax: number) {
  let chunks: Buffer[] = [];
  let held = 0;
  return { add, text: () => plainWords(fromWholeLine(join(), held < bytesMax)) };

  function add(chunk: Buffer): void {
    chunks.push(chunk.length > bytesMax ? chunk.subarray(-bytesMax) : chunk);
    held += chunks.at(-1)!.length;
    if (held > 4 * bytesMax) {
      chunks = [Buffer.from(join())]; // a copy: a slice would keep the chunks it came from
      held = bytesMax;
    }
  }

  function join(): Buffer {
    return Buffer.concat(chunks).subarray(-bytesMax);
  }
}

function fromWholeLine(bytes: Buffer, whole = false): string {
  const lineEnd = bytes.indexOf(10);
  return (whole || lineEnd < 0 || lineEnd === bytes.length - 1 ? bytes : bytes.subarray(lineEnd + 1)).toString('utf8');
}
