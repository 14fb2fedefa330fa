import { RatchetError } from '../../domain/failure.js';
import { Route } from '../../domain/serving.js';

const VALUE_CHARS_MAX = 256;
const TAGS_MAX = 45; // of SageMaker's 50

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** Routes as tags of the configuration that they make: written with it in one call, or not at all. @throws {RatchetError} RouterRefused */
export function tagsOfRoutes({ asked, before }: { asked: Route | null; before: Route | null }): Tag[] {
  const tags = [...chunks('asked', asked), ...chunks('before', before)];
  if (tags.length > TAGS_MAX)
    throw new RatchetError(
      'RouterRefused',
      `route of ${asked?.model}: expected at most ${TAGS_MAX} tags of SageMaker, found ${tags.length}`,
      {
        remedy: 'serve with fewer settings',
      },
    );
  return tags;
}

/** @throws {RatchetError} RouterUnavailable: it is no longer to be read */
export function routeOfTags(tags: readonly Tag[], kind: 'asked' | 'before', configName: string): Route | null {
  const found = tags
    .filter(({ Key }) => Key.startsWith(`ratchet:${kind}-`))
    .sort((left, right) => (left.Key < right.Key ? -1 : 1))
    .map(({ Value }) => Value);
  if (found.length === 0) return null;
  try {
    return Route.parse(JSON.parse(Buffer.from(found.join(''), 'base64').toString('utf8')));
  } catch (error) {
    throw new RatchetError(
      'RouterUnavailable',
      `endpoint configuration ${configName}: tags ratchet:${kind}-…: expected a route, found something else`,
      { remedy: 'delete this configuration: the one before it counts then', cause: error },
    );
  }
}

/** Tags take letters, digits and few signs: Base64 has only those. */
function chunks(kind: string, route: Route | null): Tag[] {
  const text = route === null ? '' : Buffer.from(JSON.stringify(route)).toString('base64');
  return Array.from({ length: Math.ceil(text.length / VALUE_CHARS_MAX) }, (_, index) => ({
    Key: `ratchet:${kind}-${String(index).padStart(2, '0')}`,
    Value: text.slice(index * VALUE_CHARS_MAX, (index + 1) * VALUE_CHARS_MAX),
  }));
}
