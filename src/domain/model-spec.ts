import { z } from 'zod';
import { ApprovalSpec } from './approval.js';
import { ChecksSpec, DataSpec } from './data-spec.js';
import { EvaluationSpec } from './evaluation-spec.js';
import { GatesSpec } from './gate.js';
import { MonitorSettings } from './monitor-settings.js';
import { NoticesSpec } from './notice.js';
import { RolloutSpec } from './rollout-spec.js';
import { ServingSpec } from './serving-spec.js';
import { TrainerSpec } from './trainer-spec.js';
import { TriggersSpec } from './trigger.js';

/** Model names are part of workflow ids, paths and registry names. */
export const ModelName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,51}[a-z0-9])?$/, 'expected lower-case letters, digits and dashes, at most 53');

export const RegistryKind = z.enum(['mlflow', 'sagemaker']);
export type RegistryKind = z.infer<typeof RegistryKind>;

export const RegistrySpec = z.strictObject({
  kind: RegistryKind.default('mlflow').describe(
    'Where versions and their aliases are registered: in MLflow, or as model packages of a group of SageMaker’s registry.',
  ),
  name: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The name of the registered model, or of the group; absent: the model’s name. Changed, it counts from the next version on: the champion stays where it was registered.',
    ),
});

export const RetentionSpec = z
  .strictObject({
    snapshotDays: z
      .number()
      .int()
      .positive()
      .default(365)
      .describe(
        'Data of cycles that started longer ago may be deleted, by `ratchet gc --delete`; that of champion, previous champion and anchor never is.',
      ),
    cyclesMin: z.number().int().positive().default(20).describe('So many of the newest cycles keep their data, whatever its age.'),
    predictionDays: z
      .number()
      .int()
      .positive()
      .default(400)
      .describe('Logged predictions made longer ago may be deleted, by `ratchet gc --delete`.'),
    labelDays: z
      .number()
      .int()
      .positive()
      .default(400)
      .describe('Labels received longer ago may be deleted, by `ratchet gc --delete`; no fewer days than predictionDays.'),
    tendLogs: z
      .enum(['byCommand', 'daily'])
      .optional()
      .describe(
        'Who removes logged predictions and labels that are past these days, and makes one file of each ended hour: `daily`, a worker once a day; absent or `byCommand`, whoever runs `ratchet gc --delete`.',
      ),
  })
  .refine(({ predictionDays, labelDays }) => labelDays >= predictionDays, {
    path: ['labelDays'],
    message: 'expected no fewer days than predictionDays',
  });

/** One model: everything the loop does with it. The digest of the parsed document is the spec's identity. */
export const ModelSpec = z.strictObject({
  apiVersion: z.literal('ratchet.dev/v1').describe('The version of this format.'),
  kind: z.literal('Model').describe('What the document describes.'),
  metadata: z
    .strictObject({
      name: ModelName.describe('Part of workflow ids, paths and registry names; never changes.'),
      owner: z.string().min(1).describe('Who is asked when something is wrong.'),
      tier: z
        .enum(['low', 'medium', 'high'])
        .default('medium')
        .describe('How much depends on it; high asks for a person before every promotion.'),
      description: z.string().default('').describe('One line for people.'),
    })
    .describe('Which model this is, and whose.'),
  spec: z
    .strictObject({
      data: DataSpec.describe('Where the rows come from and which of them a cycle sees.'),
      checks: ChecksSpec.prefault({}).describe('What the rows must satisfy before anything is trained on them.'),
      trainer: TrainerSpec.describe('The program that makes the model.'),
      evaluation: EvaluationSpec.describe('What is measured on the holdout, for every arm alike.'),
      gates: GatesSpec.describe('What must be proven before a challenger may replace the champion.'),
      refit: z
        .enum(['none', 'afterPass'])
        .default('none')
        .describe(
          'afterPass: the passed recipe is trained again on all data, and that is the candidate; the next one can be judged holdoutDays later.',
        ),
      approval: ApprovalSpec.describe('Who signs, and when a person must.'),
      registry: RegistrySpec.prefault({}).describe('Where versions are registered.'),
      serving: ServingSpec.optional().describe('How the model answers requests; absent: it is only registered.'),
      rollout: RolloutSpec.optional().describe(
        'How a challenger earns traffic; absent: a promotion moves all of it at once. Needs serving.',
      ),
      triggers: TriggersSpec.prefault({}).describe('What starts a cycle by itself.'),
      monitoring: MonitorSettings.optional().describe('How the model is looked at while it is served; absent: only by hand.'),
      notices: NoticesSpec.optional().describe('Who is told of what, beside notices.jsonl; absent: the default routes of the worker.'),
      retention: RetentionSpec.prefault({}).describe('How long data is kept.'),
    })
    .describe('What the loop does with it.'),
});
export type ModelSpec = z.infer<typeof ModelSpec>;
