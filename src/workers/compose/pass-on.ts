/** The variables of an environment that are set and whose names match. */
export function passOn(environment: NodeJS.ProcessEnv, names: RegExp): Record<string, string> {
  const isPassed = (entry: [string, string | undefined]): entry is [string, string] => names.test(entry[0]) && entry[1] !== undefined;
  return Object.fromEntries(Object.entries(environment).filter(isPassed));
}
