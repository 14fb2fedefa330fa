import type { z } from 'zod';
import type { ApprovalSpec } from '../../../domain/approval.js';
import type { DataSpec } from '../../../domain/data-spec.js';
import type { EvaluationSpec } from '../../../domain/evaluation-spec.js';
import type { GatesSpec } from '../../../domain/gate.js';
import type { MonitorSettings } from '../../../domain/monitor-settings.js';
import type { ModelSpec } from '../../../domain/model-spec.js';
import type { NoticesSpec } from '../../../domain/notice.js';
import type { RolloutSpec } from '../../../domain/rollout-spec.js';
import type { ServingSpec } from '../../../domain/serving-spec.js';
import type { TrainerSpec } from '../../../domain/trainer-spec.js';
import type { TriggersSpec } from '../../../domain/trigger.js';
import type { Finding } from '../problem.js';

/** The sections of a model file that are well-formed; a rule says nothing about one that is not. */
export interface Sections {
  readonly data: z.infer<typeof DataSpec> | null;
  readonly trainer: z.infer<typeof TrainerSpec> | null;
  readonly evaluation: z.infer<typeof EvaluationSpec> | null;
  readonly gates: z.infer<typeof GatesSpec> | null;
  readonly approval: z.infer<typeof ApprovalSpec> | null;
  readonly refit: ModelSpec['spec']['refit'] | null;
  readonly triggers: z.infer<typeof TriggersSpec> | null;
  /** undefined: not there. */
  readonly serving: ServingSpec | null | undefined;
  readonly rollout: RolloutSpec | null | undefined;
  readonly monitoring: MonitorSettings | null | undefined;
  readonly notices: NoticesSpec | null | undefined;
}

export interface RuleContext {
  /** Whether a path beside the model file exists; null: it is not known where the file lies. */
  readonly fileExists: ((path: string) => boolean) | null;
  /** The text of a file, from the model file's folder, or the code of what kept it from being read; null: as above. */
  readonly readText: ((path: string) => string | { readonly code: string }) | null;
  readonly nowMs: number;
}

/** Checks what no single field can: impossible together, or impossible in the world. */
export type Rule = (sections: Sections, context: RuleContext) => Finding[];
