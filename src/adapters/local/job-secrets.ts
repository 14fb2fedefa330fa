/** Names of variables whose values are nobody's business; a file that holds a secret is named by a path, which is none. */
const secretName = /(SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_KEY)(?!.*_FILE$)/i;
const passwordInUrl = /^[a-z][a-z0-9+.-]*:\/\/[^/@\s:]*:([^/@\s]+)@/i;
/** What is shorter is too common to be looked for: a log would lose its words. */
const secretLengthMin = 6;

/** A job's words without the secrets that its environment holds: they go into the ledger, and stay there for ever. */
export function hideSecrets(text: string, environment: NodeJS.ProcessEnv): string {
  const secrets = Object.entries(environment).flatMap(([name, value = '']) => [
    ...(secretName.test(name) ? [value] : []),
    ...(passwordInUrl.exec(value)?.slice(1) ?? []),
  ]);
  return secrets
    .filter((secret) => secret.length >= secretLengthMin)
    .sort((a, b) => b.length - a.length) // one that holds another goes first
    .reduce((hidden, secret) => hidden.replaceAll(secret, '***'), text);
}
