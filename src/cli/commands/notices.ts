import { randomUUID } from 'node:crypto';
import { InvalidArgumentError, type Command } from 'commander';
import { noticesFile, readNoticesConfig, type NoticesConfig } from '../../config/notices-config.js';
import { RouteName } from '../../domain/notice.js';
import { openNoticeRoutes } from '../../workers/compose/notices.js';
import type { Cli } from '../cli.js';
import { CommandError } from '../explain-error.js';
import { userName } from '../options.js';
import { table } from '../render/table.js';

export function addNoticesCommand(program: Command, cli: Cli): void {
  const notices = program.command('notices').description('who is told of what needs a person, and whether it arrives');
  notices
    .command('list')
    .description('the routes of notices.yaml in the home; needs no running stack')
    .action((_options: object, command: Command) => {
      const { file, config } = configOf(cli, command);
      const routes = Object.entries(config.routes).map(([name, route]) => ({
        route: name,
        kind: route.kind,
        default: config.default.includes(name),
      }));
      cli.print(command, { file, remindAfterHours: config.remindAfterHours, routes }, () =>
        table(
          ['ROUTE', 'KIND', 'DEFAULT'],
          routes.map((route) => [route.route, route.kind, route.default ? 'yes' : 'no']),
        ),
      );
    });
  notices
    .command('test')
    .description('send a test notice through a route, from here; needs no running stack')
    .argument('<route>', 'name of the route in notices.yaml', parseRoute)
    .action(async (route: string, _options: object, command: Command) => {
      const { file, config } = configOf(cli, command);
      if (!(route in config.routes))
        throw new CommandError(`${file}: there is no route ${route}`, `expected one of ${Object.keys(config.routes).join(', ')}`);
      const id = `test/${randomUUID()}`;
      await openNoticeRoutes(file, cli.terminal.environment)
        .notifier(route)
        .notify({
          id,
          model: 'test',
          event: 'test',
          severity: 'info',
          title: 'A test notice of Ratchet',
          text: `Sent by ${userName()} with: ratchet notices test ${route}`,
          to: [],
        });
      cli.print(command, { route, kind: config.routes[route]!.kind, id }, () => [`${route}: told (${id})`]);
    });
}

/** @throws {CommandError} there is no such file */
function configOf(cli: Cli, command: Command): { file: string; config: NoticesConfig } {
  const file = noticesFile(cli.home(command).path, cli.terminal.environment);
  const config = readNoticesConfig(file);
  if (config === null)
    throw new CommandError(`no routes are written down: there is no ${file}`, 'docs/how-to/notices.md says what belongs there');
  return { file, config };
}

function parseRoute(text: string): string {
  const parsed = RouteName.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError(`${parsed.error.issues[0]?.message ?? 'not a route'}, found "${text}".`);
}
