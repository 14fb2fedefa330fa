import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { homeAt } from './home.js';
import { readSecret } from './secret.js';

/** Who may send us webhooks. */
export const WEBHOOK_SENDERS = ['alertmanager', 'mlflow', 'github', 'gitlab'] as const;
export type WebhookSender = (typeof WEBHOOK_SENDERS)[number];

const SECRET_CHARACTERS_MIN = 16;

/** What the HTTP server is told by its environment. */
export interface ApiConfig {
  readonly storeUri: string;
  /** On loopback. */
  readonly port: number;
  /** null: none is set, and the sender is refused. @throws {Error} names the variable: too short, or its file cannot be read */
  secretOf(sender: WebhookSender): string | null;
}

const Variables = z.object({ RATCHET_STORE_URI: z.string().optional(), RATCHET_API_PORT: z.coerce.number().int().min(1).max(65_535) });

/** The variable that holds a sender's secret; with `_FILE` behind it: the file that does. */
export function webhookSecretVariable(sender: WebhookSender): string {
  return `RATCHET_WEBHOOK_${sender.toUpperCase()}_SECRET`;
}

/** @throws {Error} names the variable, what was expected and what to do */
export function apiConfig(environment: NodeJS.ProcessEnv): ApiConfig {
  const parsed = Variables.safeParse(environment);
  if (!parsed.success)
    throw new Error('environment variable RATCHET_API_PORT: expected a port: set it, or start the server with ratchet up');
  return {
    storeUri: parsed.data.RATCHET_STORE_URI ?? pathToFileURL(homeAt(undefined, environment).storeFolder).href,
    port: parsed.data.RATCHET_API_PORT,
    secretOf: (sender) => secretOf(sender, environment),
  };
}

function secretOf(sender: WebhookSender, environment: NodeJS.ProcessEnv): string | null {
  const variable = webhookSecretVariable(sender);
  const file = environment[`${variable}_FILE`];
  if (!environment[variable] && !file) return null;
  const secret = readSecret(file ? { file } : { env: variable }, environment);
  if (secret.length < SECRET_CHARACTERS_MIN)
    throw new Error(`${variable}: expected at least ${SECRET_CHARACTERS_MIN} characters, found ${secret.length}: make a longer one`);
  return secret;
}
