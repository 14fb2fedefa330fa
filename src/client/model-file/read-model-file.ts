import type { z } from 'zod';
import { ApprovalSpec } from '../../domain/approval.js';
import { DataSpec } from '../../domain/data-spec.js';
import { EvaluationSpec } from '../../domain/evaluation-spec.js';
import { GatesSpec } from '../../domain/gate.js';
import { ModelSpec } from '../../domain/model-spec.js';
import { MonitorSettings } from '../../domain/monitor-settings.js';
import { NoticesSpec } from '../../domain/notice.js';
import { RolloutSpec } from '../../domain/rollout-spec.js';
import { ServingSpec } from '../../domain/serving-spec.js';
import { TrainerSpec } from '../../domain/trainer-spec.js';
import { TriggersSpec } from '../../domain/trigger.js';
import { explainIssue, valueAt } from './explain-issue.js';
import { pathText, toProblem, type Finding, type Problem } from './problem.js';
import { checkApproval } from './rules/approval.js';
import { checkColumnNames } from './rules/columns.js';
import { tellDetectable } from './rules/detectable.js';
import { checkMetrics, checkSelectiveLabels, checkWindow } from './rules/evaluation.js';
import { checkMonitoring } from './rules/monitoring.js';
import { checkNotices } from './rules/notices.js';
import { tellUnjudgeable } from './rules/refit.js';
import { checkRolloutLabels } from './rules/rollout-labels.js';
import { checkRolloutMetrics } from './rules/rollout-metrics.js';
import { tellRolloutOutlook } from './rules/rollout-outlook.js';
import { tellUnevenLoad } from './rules/uneven-load.js';
import { checkRollout } from './rules/rollout.js';
import type { Rule, Sections } from './rules/rule.js';
import { checkSageMaker } from './rules/sagemaker.js';
import { checkSageMakerServing } from './rules/sagemaker-serving.js';
import { checkServingCluster } from './rules/serving-cluster.js';
import { checkServingKeys } from './rules/serving-keys.js';
import { checkThresholds } from './rules/thresholds.js';
import { checkTimes } from './rules/time.js';
import { checkFiles, checkResources } from './rules/trainer.js';
import { checkCluster } from './rules/cluster.js';
import { checkTriggers } from './rules/triggers.js';
import { modelFileSchema } from './schema-tree.js';
import { readYaml } from './yaml-text.js';

export interface ReadOptions {
  /** How the file is called in problems. */
  readonly file: string;
  /** Whether a path relative to the model file's folder exists; absent: not asked. */
  readonly fileExists?: (path: string) => boolean;
  /** The text of a file at a path relative to that folder, or why it cannot be read; absent: not asked. */
  readonly readText?: (path: string) => string | { readonly code: string };
  /** Milliseconds since 1970; absent: the clock's. */
  readonly nowMs?: number;
}

export interface ModelFile {
  /** null where there is any error. */
  readonly spec: ModelSpec | null;
  /** In the order of the text; errors, warnings and infos. */
  readonly problems: readonly Problem[];
}

const RULES: readonly Rule[] = [
  checkColumnNames,
  checkThresholds,
  checkMetrics,
  checkWindow,
  checkSelectiveLabels,
  checkTimes,
  checkTriggers,
  checkApproval,
  checkNotices,
  checkResources,
  checkCluster,
  checkFiles,
  checkSageMaker,
  tellDetectable,
  tellUnjudgeable,
  checkRollout,
  checkRolloutMetrics,
  checkRolloutLabels,
  tellRolloutOutlook,
  tellUnevenLoad,
  checkMonitoring,
  checkServingKeys,
  checkServingCluster,
  checkSageMakerServing,
];

/**
 * Reads a model file and says everything that is wrong with it, each with its place. Never throws: a file that is no
 * YAML is a problem like any other. Sections that are well-formed are checked even where others are not.
 */
export function readModelFile(text: string, { file, fileExists, readText, nowMs = Date.now() }: ReadOptions): ModelFile {
  const yaml = readYaml(text);
  if (yaml.problems.length > 0) return { spec: null, problems: yaml.problems.map(({ finding, place }) => toProblem(finding, file, place)) };
  const parsed = ModelSpec.safeParse(yaml.value);
  const issues = parsed.success ? [] : explainIssues(parsed.error.issues, yaml.value);
  const context = { fileExists: fileExists ?? null, readText: readText ?? null, nowMs };
  const sections = readSections(yaml.value);
  const findings: Finding[] = [...issues, ...RULES.flatMap((rule) => rule(sections, context))];
  const meant = new Set(findings.flatMap(({ path, meant: key }) => (key === undefined ? [] : [pathText([...path.slice(0, -1), key])])));
  const problems = findings
    .filter((finding) => !meant.has(pathText(finding.path)))
    .map((finding) => toProblem(finding, file, yaml.place(finding.path, finding.atKey)))
    .sort((a, b) => a.line - b.line || a.column - b.column);
  const failed = problems.some(({ severity }) => severity === 'error');
  return { spec: parsed.success && !failed ? parsed.data : null, problems };
}

function explainIssues(issues: readonly z.core.$ZodIssue[], root: unknown): Finding[] {
  const schema = modelFileSchema();
  return issues.flatMap((issue) => explainIssue(issue, root, schema));
}

function readSections(root: unknown): Sections {
  const read = <Schema extends z.ZodType>(name: string, schema: Schema, absent?: unknown): z.infer<Schema> | null => {
    const result = schema.safeParse(valueAt(root, ['spec', name]) ?? absent);
    return result.success ? result.data : null;
  };
  return {
    data: read('data', DataSpec),
    trainer: read('trainer', TrainerSpec),
    evaluation: read('evaluation', EvaluationSpec),
    gates: read('gates', GatesSpec),
    approval: read('approval', ApprovalSpec),
    refit: read('refit', ModelSpec.shape.spec.shape.refit),
    triggers: read('triggers', TriggersSpec, {}),
    serving: read('serving', ServingSpec.optional()),
    rollout: read('rollout', RolloutSpec.optional()),
    monitoring: read('monitoring', MonitorSettings.optional()),
    notices: read('notices', NoticesSpec.optional()),
  };
}
