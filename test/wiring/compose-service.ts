import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

interface Service {
  readonly environment?: Readonly<Record<string, string>>;
  readonly command?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
}

export const composeFolder = fileURLToPath(new URL('../../deploy/compose/', import.meta.url));

const file = fileURLToPath(new URL('../../docker-compose.yml', import.meta.url));
const { services } = parse(readFileSync(file, 'utf8'), { merge: true }) as { services: Record<string, Service> };

/** What docker-compose.yml gives a service as its environment, so that what runs here is what it says, but for addresses. */
export function composeEnvironment(name: string, secrets: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(service(name).environment ?? {}).map(([variable, value]) => [variable, fillIn(value, secrets)]));
}

export function composeCommand(name: string): readonly string[] {
  return service(name).command ?? [];
}

/** The command of a health check, for `sh -c`. */
export function composeHealthcheck(name: string): string {
  const [kind, command] = service(name).healthcheck?.test ?? [];
  if (kind !== 'CMD-SHELL' || command === undefined) throw new Error(`docker-compose.yml, ${name}.healthcheck: expected CMD-SHELL`);
  return command.replaceAll('$$', '$');
}

function service(name: string): Service {
  const found = services[name];
  if (found === undefined) throw new Error(`docker-compose.yml: expected a service ${name}, found none`);
  return found;
}

function fillIn(value: string, secrets: Readonly<Record<string, string>>): string {
  return value.replace(/\$\{([A-Z0-9_]+):\?[^}]*\}/g, (_whole, name: string) => {
    const secret = secrets[name];
    if (secret === undefined) throw new Error(`docker-compose.yml asks for ${name}, which this run does not know`);
    return secret;
  });
}
