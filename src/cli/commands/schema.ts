import type { Command } from 'commander';
import { modelFileSchema } from '../../client/model-file/schema-tree.js';
import type { Cli } from '../cli.js';

export function addSchemaCommand(program: Command, cli: Cli): void {
  program
    .command('schema')
    .description('print the JSON Schema of the model file, for editors and other programs')
    .action((_options: object, command: Command) => {
      const schema = modelFileSchema();
      cli.print(command, schema, () => [JSON.stringify(schema, null, 2)]);
    });
}
