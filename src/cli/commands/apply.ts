import type { Command } from 'commander';
import { dirname } from 'node:path';
import type { Applied } from '../../client/apply-model.js';
import { applyModel } from '../../client/apply-model.js';
import { shortDigest } from '../../domain/digest.js';
import type { Cli } from '../cli.js';
import { loadModelFile } from '../load-model-file.js';
import { asOption, fileOption, userName } from '../options.js';
import { withSession } from '../session.js';

interface ApplyOptions {
  readonly file: string;
  readonly as?: string;
}

export function addApplyCommand(program: Command, cli: Cli): void {
  program
    .command('apply')
    .description('put a model file in force: its spec, the code it names and its schedule; applied twice changes nothing')
    .addOption(fileOption())
    .addOption(asOption())
    .action(async ({ file, as }: ApplyOptions, command: Command) => {
      const spec = loadModelFile(file);
      const applied = await withSession(cli, command, ({ client, store, model }) =>
        applyModel({ client, store, model: model(spec.metadata.name), spec, folder: dirname(file), requestedBy: as ?? userName() }),
      );
      cli.print(command, applied, () => [appliedSentence(applied)]);
    });
}

export function appliedSentence({ model, changed, schedule, monitoring, specDigest, codeDigest }: Applied): string {
  const digests = `spec ${shortDigest(specDigest)}, code ${shortDigest(codeDigest)}`;
  const scheduleWords = `${schedule === 'none' ? 'no schedule' : `schedule ${schedule}`}${monitoring === 'none' ? '' : `, monitoring ${monitoring}`}`;
  return changed
    ? `${model}: applied (${digests}, ${scheduleWords}); the next cycle uses it`
    : `${model}: unchanged (${digests}, ${scheduleWords})`;
}
