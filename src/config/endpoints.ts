import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { Home } from './home.js';

/** A process by its number and when it began: numbers are given out again, the pair is not. */
export const ProcessIdentity = z.strictObject({ pid: z.number().int().positive(), start: z.string() });
export type ProcessIdentity = z.infer<typeof ProcessIdentity>;

/** The addresses of a running stack; `process` is null for what it attached to instead of starting it. */
export const Endpoints = z.strictObject({
  v: z.literal(1),
  supervisor: ProcessIdentity,
  startedAt: z.iso.datetime(),
  temporal: z.strictObject({
    address: z.string(),
    namespace: z.string(),
    uiUrl: z.string().nullable(),
    process: ProcessIdentity.nullable(),
  }),
  mlflow: z.strictObject({ url: z.string(), process: ProcessIdentity.nullable() }),
  /** Where models answer requests; null or absent: no router runs. */
  traffic: z
    .strictObject({ url: z.string(), process: ProcessIdentity.nullable(), servingHost: ProcessIdentity.nullable() })
    .nullable()
    .optional(),
  worker: z.strictObject({ process: ProcessIdentity.nullable() }),
  /** Pages that Prometheus reads; null: that server is not ours, or does not run. */
  metrics: z
    .strictObject({ worker: z.string(), sdk: z.string(), temporal: z.string().nullable(), proxy: z.string().nullable() })
    .optional(),
  /** Our HTTP server: webhooks, labels. Absent: a stack of an older release. */
  api: z.strictObject({ url: z.string(), process: ProcessIdentity.nullable() }).optional(),
  storeUri: z.string(),
});
export type Endpoints = z.infer<typeof Endpoints>;

/** null where no stack has left its addresses, or what lies there cannot be read as such. */
export function readEndpoints(home: Home): Endpoints | null {
  try {
    return Endpoints.parse(JSON.parse(readFileSync(home.endpointsFile, 'utf8')));
  } catch {
    return null;
  }
}

/** Whole or not at all: a reader never sees half a file. Only the owner may read it. */
export function writeEndpoints(home: Home, endpoints: Endpoints): void {
  mkdirSync(dirname(home.endpointsFile), { recursive: true });
  const next = `${home.endpointsFile}.${process.pid}.next`;
  writeFileSync(next, `${JSON.stringify(endpoints, null, 2)}\n`, { mode: 0o600 });
  chmodSync(next, 0o600);
  renameSync(next, home.endpointsFile);
}

export function removeEndpoints(home: Home): void {
  rmSync(home.endpointsFile, { force: true });
}
