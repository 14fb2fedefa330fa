import type { Command } from 'commander';
import { problemText } from '../../client/model-file/problem.js';
import type { Cli } from '../cli.js';
import { countWords, lintFile } from '../load-model-file.js';
import { fileOption } from '../options.js';

export function addLintCommand(program: Command, cli: Cli): void {
  program
    .command('lint')
    .description(
      'check a model file: every mistake with its line, column and remedy, and what the stated window can detect; exit code 1 where there is a mistake',
    )
    .addOption(fileOption())
    .action(({ file }: { file: string }, command: Command) => {
      const { spec, problems } = lintFile(file);
      const errors = problems.filter(({ severity }) => severity === 'error');
      const summary = spec ? `${file}: ${spec.metadata.name} is well-formed` : `${file}: ${countWords(errors)}`;
      cli.print(command, { file, valid: spec !== null, problems }, () => [...problems.map(problemText), summary]);
      if (!spec) cli.exitCode = 1;
    });
}
