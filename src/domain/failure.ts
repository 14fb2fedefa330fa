/**
 * Every failure that Ratchet knows, named once, with its class. Types live in histories and ledgers: add, never rename.
 *
 * invalid: the spec or the input is wrong, do not retry. rejected: a gate or a person said no, a normal end.
 * transient: retry with backoff. lost: a node or process vanished, resume. starved: out of memory or quota, retry with
 * more. conflict: somebody else wrote; stop, report, never overwrite.
 */
export const FAILURE_CLASS = {
  SpecInvalid: 'invalid',
  InputInvalid: 'invalid',
  WindowEmpty: 'invalid',
  WindowTruncated: 'invalid',
  ColumnMissing: 'invalid',
  ColumnTypeChanged: 'invalid',
  JobSpecInvalid: 'invalid',
  JobOutputInvalid: 'invalid',
  JobOutputMissing: 'invalid',
  JobFailed: 'invalid',
  JobTimedOut: 'invalid',
  JobStalled: 'invalid',
  JobDiverged: 'invalid',
  JobOverBudget: 'invalid',
  EvidenceMissing: 'invalid',
  EvidenceCorrupt: 'invalid',
  CycleUnknown: 'invalid',
  ModelUnknown: 'invalid',
  RegistryRefused: 'invalid',
  AccessDenied: 'invalid',
  InstanceNotReady: 'invalid',
  InstanceRefused: 'invalid',
  ServingSkew: 'invalid',
  RouterRefused: 'invalid',
  RequestRefused: 'rejected',
  DataRejected: 'rejected',
  GateFailed: 'rejected',
  ApprovalRejected: 'rejected',
  ApprovalTimedOut: 'rejected',
  CycleAborted: 'rejected',
  RolloutFailed: 'rejected',
  JobTemporary: 'transient',
  ClusterUnavailable: 'transient',
  ClusterFull: 'transient',
  RegistryUnavailable: 'transient',
  StoreUnavailable: 'transient',
  StoreFull: 'transient',
  WatchEnded: 'transient',
  NotifierUnavailable: 'transient',
  ServingUnavailable: 'transient',
  RouterUnavailable: 'transient',
  MetricsUnavailable: 'transient',
  Unexpected: 'transient',
  JobLost: 'lost',
  JobStopped: 'lost',
  JobOutOfMemory: 'starved',
  QuotaExceeded: 'starved',
  JobConflict: 'conflict',
  LedgerConflict: 'conflict',
  LedgerBroken: 'conflict',
  OwnerConflict: 'conflict',
  ChampionChanged: 'conflict',
  RegistryConflict: 'conflict',
  InstanceConflict: 'conflict',
  ShiftStale: 'conflict',
} as const;

export type FailureType = keyof typeof FAILURE_CLASS;
export type FailureClass = (typeof FAILURE_CLASS)[FailureType];

/** What a failed stage leaves: readable by a person, decidable by a program. */
export interface Failure {
  readonly type: FailureType;
  readonly class: FailureClass;
  /** What was expected, what was found, where. */
  readonly message: string;
  /** What a person can do now. */
  readonly remedy: string;
}

export interface RatchetErrorDetails {
  readonly remedy?: string;
  /** The last lines of a job's log, failing rows, a server's words: small, without secrets. */
  readonly detail?: string;
  readonly cause?: unknown;
}

/** The one error that adapters and activities throw on purpose; activities turn it into an `ApplicationFailure`. */
export class RatchetError extends Error {
  override readonly name = 'RatchetError';
  readonly remedy: string;
  readonly detail: string | undefined;

  constructor(
    readonly type: FailureType,
    message: string,
    { remedy = '', detail, cause }: RatchetErrorDetails = {},
  ) {
    super(message, { cause });
    this.remedy = remedy;
    this.detail = detail;
  }

  get class(): FailureClass {
    return FAILURE_CLASS[this.type];
  }
}

/** Whether Temporal's own retries (same attempt, same job) may help. */
export function isRetryable(failureClass: FailureClass): boolean {
  return failureClass === 'transient';
}

export function isFailureType(type: string | null | undefined): type is FailureType {
  return type != null && Object.hasOwn(FAILURE_CLASS, type);
}
