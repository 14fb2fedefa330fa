import { RatchetError } from '../domain/failure.js';
import type { Instance } from '../domain/serving.js';
import type { Serving } from '../ports/serving.js';
import type { RouteReading } from '../ports/traffic-router.js';
import { orWhenLate } from './or-when-late.js';
import { inWords } from './tell-stuck.js';
import type { Fault } from './traffic-fault.js';

/** What looking took for longer is looked at the next minute: it keeps no traffic from being repaired. */
const LOOK_MS_MAX = 4000;
/** Who added a whole block is told by its first fields. */
const EDITS_TOLD_MAX = 10;

/**
 * Servers that others have edited, of the champion and of whoever is sent requests. Nothing sets them back: what a person changed
 * in an emergency, a person looks at. Servers that cannot be asked now are no fault: that is told where it matters.
 */
export async function faultOfServers(serving: Serving, champion: string, reading: RouteReading | null | RatchetError): Promise<Fault[]> {
  const { splits = [], mirror = null } = reading instanceof RatchetError ? {} : (reading?.asked ?? {});
  const names = new Set([champion, ...[...splits, ...(mirror === null ? [] : [mirror])].map(({ instance }) => instance)]);
  const looking = Promise.all([...names].map(async (name) => faultOf(await serving.describe(name)))).catch((error: unknown) => {
    if (error instanceof RatchetError) return [];
    throw error;
  });
  return (await orWhenLate(looking, [], LOOK_MS_MAX)).flat();
}

function faultOf(instance: Instance | null): Fault[] {
  const edited = instance && editedByHand(instance);
  return edited === null ? [] : [{ what: `servers: ${inWords(edited)}`, byHand: true, repair: null }];
}

/** null: nobody has edited these servers. */
export function editedByHand({ name, version, edits = [] }: Instance): RatchetError | null {
  if (edits.length === 0) return null;
  const more = edits.length > EDITS_TOLD_MAX ? ` and ${edits.length - EDITS_TOLD_MAX} more` : '';
  return new RatchetError(
    'InstanceConflict',
    `instance ${name}: expected its servers as they were made, found edits by hand: ${edits.slice(0, EDITS_TOLD_MAX).join(', ')}${more} (${version})`,
    { remedy: 'nothing was overwritten: set these fields back where its servers run' },
  );
}
