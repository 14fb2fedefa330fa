import { createAlertmanagerNotifier } from '../../adapters/alertmanager/notifier.js';
import { createEmailNotifier } from '../../adapters/email/notifier.js';
import { createSlackNotifier } from '../../adapters/slack/notifier.js';
import { createWebhookNotifier } from '../../adapters/webhook/notifier.js';
import { readNoticesConfig, type NoticeRoute, type NoticesConfig } from '../../config/notices-config.js';
import { readSecret, type SecretReference } from '../../config/secret.js';
import { RatchetError } from '../../domain/failure.js';
import type { NoticeRoutes, Notifier } from '../../ports/notifier.js';

/**
 * The routes of a notices.yaml. File and secrets are read at each use: a mistake in them holds up notices until it is mended,
 * and nothing else, and no change of them needs a restart.
 */
export function openNoticeRoutes(file: string, environment: NodeJS.ProcessEnv): NoticeRoutes {
  return { exist, read, notifier };

  function exist(): boolean {
    return or(true, () => readNoticesConfig(file) !== null);
  }

  function read(): ReturnType<NoticeRoutes['read']> {
    const { routes, default: fallback, remindAfterHours } = config();
    return { names: Object.keys(routes), fallback, remindAfterHours };
  }

  function notifier(name: string): Notifier {
    const route = config().routes[name];
    if (route === undefined)
      throw unavailable(`${file}: expected the route ${name}, found none of that name`, 'add it: it is looked for again for three days');
    return explained(() => openRoute(route, (secret) => readSecret(secret, environment)));
  }

  function config(): NoticesConfig {
    const found = explained(() => readNoticesConfig(file));
    if (found === null) throw unavailable(`${file}: expected a file with routes, found none`, 'put it back');
    return found;
  }
}

function openRoute(route: NoticeRoute, secretOf: (reference: SecretReference) => string): Notifier {
  switch (route.kind) {
    case 'slack':
      return createSlackNotifier({ url: secretOf(route.url) });
    case 'webhook':
      return createWebhookNotifier({ url: route.url, secret: secretOf(route.secret) });
    case 'alertmanager':
      return createAlertmanagerNotifier({ url: route.url, ...(route.bearer && { bearer: secretOf(route.bearer) }) });
    case 'email': {
      const { kind: _kind, user, password, ...server } = route;
      return createEmailNotifier({ ...server, ...(user && password && { credentials: { user, password: secretOf(password) } }) });
    }
  }
}

/** What is wrong with the file is a matter of waiting until a person has mended it. */
function explained<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RatchetError) throw error;
    throw unavailable(
      error instanceof Error ? error.message : String(error),
      'correct notices.yaml, or set the secret: it is tried again for three days',
    );
  }
}

function or<T>(otherwise: T, read: () => T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

function unavailable(message: string, remedy: string): RatchetError {
  return new RatchetError('NotifierUnavailable', message, { remedy });
}
