import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import type { Cli } from './cli.js';
import { addAbortCommand } from './commands/abort.js';
import { addAdoptCommand } from './commands/adopt.js';
import { addApplyCommand } from './commands/apply.js';
import { addApproveCommand, addRejectCommand } from './commands/approve.js';
import { addAuditCommand } from './commands/audit.js';
import { addBacktestCommand } from './commands/backtest.js';
import { addDemoCommand } from './commands/demo.js';
import { addDownCommand } from './commands/down.js';
import { addDryRunCommand } from './commands/dry-run.js';
import { addGcCommand } from './commands/gc.js';
import { addGetCommand } from './commands/get.js';
import { addHistoryCommand } from './commands/history.js';
import { addLabelsCommand } from './commands/labels.js';
import { addLintCommand } from './commands/lint.js';
import { addMonitorCommand } from './commands/monitor.js';
import { addNoticesCommand } from './commands/notices.js';
import { addPauseCommand, addResumeCommand } from './commands/pause.js';
import { addPredictCommand } from './commands/predict.js';
import { addReplayCommand } from './commands/replay.js';
import { addRollbackCommand } from './commands/rollback.js';
import { addRolloutCommand } from './commands/rollout.js';
import { addSchemaCommand } from './commands/schema.js';
import { addSimulateCommand } from './commands/simulate.js';
import { addStatusCommand } from './commands/status.js';
import { addRetryCommand, addTriggerCommand } from './commands/trigger.js';
import { addUpCommand } from './commands/up.js';
import { addWhyCommand } from './commands/why.js';

/** The order in which people meet them. */
const addCommands = [
  addUpCommand,
  addDownCommand,
  addDemoCommand,
  addLintCommand,
  addSimulateCommand,
  addDryRunCommand,
  addSchemaCommand,
  addApplyCommand,
  addGetCommand,
  addTriggerCommand,
  addStatusCommand,
  addWhyCommand,
  addApproveCommand,
  addRejectCommand,
  addPauseCommand,
  addResumeCommand,
  addAbortCommand,
  addRetryCommand,
  addRolloutCommand,
  addRollbackCommand,
  addPredictCommand,
  addLabelsCommand,
  addMonitorCommand,
  addHistoryCommand,
  addReplayCommand,
  addBacktestCommand,
  addAuditCommand,
  addNoticesCommand,
  addGcCommand,
  addAdoptCommand,
];

/** All commands with their options and help; also what docs/reference/cli.md is made from. */
export function createProgram(cli: Cli): Command {
  const program = new Command('ratchet')
    .description('Keeps every production model getting better and never worse.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .addOption(new Option('-o, --output <format>', 'how results are printed').choices(['table', 'json', 'yaml']).default('table'))
    .option('--home <folder>', 'where the stack keeps its state (default: RATCHET_HOME, else .ratchet)')
    .configureHelp({ showGlobalOptions: true, helpWidth: 100 })
    .configureOutput({
      writeOut: (text) => cli.terminal.out(text.trimEnd()),
      writeErr: (text) => cli.terminal.err(text.trimEnd()),
    })
    .showSuggestionAfterError()
    .showHelpAfterError(helpHint('ratchet'))
    .exitOverride();
  for (const add of addCommands) add(program, cli);
  inheritSettings(program);
  return program;
}

/** Commander copies settings to commands that `.command()` makes, not to their later changes: done once, at the end. */
function inheritSettings(parent: Command, nameBefore = parent.name()): void {
  for (const command of parent.commands) {
    const name = `${nameBefore} ${command.name()}`;
    command.copyInheritedSettings(parent).allowExcessArguments(false).helpCommand(false).showHelpAfterError(helpHint(name));
    inheritSettings(command, name);
  }
}

function helpHint(name: string): string {
  return `  → \`${name} --help\` says what can be asked`;
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
