import { z } from 'zod';
import { modelFileSchema } from '../../src/client/model-file/schema-tree.js';
import * as jobs from '../../src/domain/stage-jobs.js';
import { MonitorInput, MonitorOutput } from '../../src/domain/monitor-jobs.js';
import { cliPage } from './cli-page.js';
import { environmentPage } from './environment-page.js';
import { failuresPage } from './failures-page.js';
import { metricsPage } from './metrics-page.js';
import { noticesFilePage } from './notices-file-page.js';
import { modelFilePage } from './model-file-page.js';

const asJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** The generated pages of docs/reference by file name, as they should stand there. */
export function referencePages(): Readonly<Record<string, string>> {
  return {
    'model-file.md': modelFilePage(),
    'model.schema.json': asJson(modelFileSchema()),
    'cli.md': cliPage(),
    'environment.md': environmentPage(),
    'notices-file.md': noticesFilePage(),
    'failures.md': failuresPage(),
    'metrics.md': metricsPage(),
    'job.schema.json': asJson(jobSchema()),
  };
}

/** What RATCHET_INPUT and RATCHET_OUTPUT hold, per stage: a trainer in any language can check itself against it. */
function jobSchema(): unknown {
  const documents = {
    SnapshotInput: jobs.SnapshotInput,
    SnapshotOutput: jobs.SnapshotOutput,
    ValidateInput: jobs.ValidateInput,
    ValidateOutput: jobs.ValidateOutput,
    TrainInput: jobs.TrainInput,
    TrainOutput: jobs.TrainOutput,
    EvaluateInput: jobs.EvaluateInput,
    EvaluateOutput: jobs.EvaluateOutput,
    AgreeInput: jobs.AgreeInput,
    AgreeOutput: jobs.AgreeOutput,
    MonitorInput,
    MonitorOutput,
  };
  // As one schema, so that what they share stands there once.
  const { $defs: shared, properties } = z.toJSONSchema(z.strictObject(documents), { target: 'draft-2020-12', reused: 'ref' });
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'Job contract', $defs: { ...properties, ...shared } };
}
