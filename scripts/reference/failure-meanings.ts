import type { FailureClass, FailureType } from '../../src/domain/failure.js';

export const CLASS_MEANINGS: Record<FailureClass, string> = {
  invalid: 'The spec or the input is wrong. Not tried again: the same would come out. Correct it, then `ratchet retry` or a new trigger.',
  rejected: 'A gate or a person said no, or a request was refused. A normal end: nothing is broken.',
  transient: 'Something was away for a while. Tried again with growing pauses; the cycle goes on by itself when it is back.',
  lost: 'A process or node vanished, or a job was stopped. The same work is started again as the next attempt, up to `trainer.attemptsMax`.',
  starved: 'Memory or quota was too small. Tried again with more, up to the limit in the spec.',
  conflict: 'Somebody else wrote what this cycle relied on. Stops and reports; nothing is overwritten.',
};

/** What each failure means and what a person does. A failure without an entry does not compile. */
export const FAILURE_MEANINGS: Record<FailureType, readonly [meaning: string, remedy: string]> = {
  SpecInvalid: [
    'The model file breaks a rule, or names code that is not there.',
    'Run `ratchet lint -f model.yaml`: it names line, column and remedy.',
  ],
  InputInvalid: [
    'A job refused its input (exit 64), or a request held something that is not understood.',
    'Read the message: it names the field, what was expected and what was found.',
  ],
  WindowEmpty: ['The data source has no row in the window.', 'Check `--as-of`, `data.window` and that the source is up to date.'],
  WindowTruncated: [
    'The window has fewer rows than `data.window.rowsMin`, or days are missing.',
    'Wait for the data to arrive, then retry; or lower `rowsMin` where the smaller window is right.',
  ],
  ColumnMissing: ['The data source no longer has a column that the model file names.', 'Restore the column, or change the model file.'],
  ColumnTypeChanged: [
    'A column holds another type than the model file says.',
    'Convert it in the data source, or change the feature’s type.',
  ],
  JobSpecInvalid: [
    'The cluster refused the job for good (a command that is not there, impossible resources).',
    'Correct `trainer.command` or `trainer.resources`.',
  ],
  JobOutputInvalid: [
    'The job ended well but its result file breaks the job contract.',
    'Compare the trainer’s result with the job contract’s JSON Schema.',
  ],
  JobOutputMissing: [
    'The job exited 0 without a result file, or with one that is no JSON.',
    'The trainer must write its result to `RATCHET_OUTPUT` before it exits 0; `null`, not `NaN`, where a number is not finite.',
  ],
  JobFailed: ['The job exited with an error.', 'Read the end of its log, which travels with the failure.'],
  JobTimedOut: ['The job ran longer than `trainer.timeLimitSeconds` and was stopped.', 'Make it faster, or raise the limit.'],
  JobStalled: [
    'A training’s progress did not change for `trainer.stop.withoutProgressMinutes`; it was told to checkpoint and stopped.',
    'Read the end of its log: mostly data that does not come, or workers that wait for one another. Then `ratchet retry`.',
  ],
  JobDiverged: [
    'A training told a loss that is NaN or infinite and was stopped; no checkpoint is made of that.',
    'Lower the learning rate, or look for bad values in the data; then apply and trigger again.',
  ],
  JobOverBudget: [
    'The attempts of a training cost more than `trainer.stop.costMax`; it was told to checkpoint and stopped.',
    'Raise `costMax` and `ratchet retry`: with `trainer.checkpoints` it goes on where it stood.',
  ],
  EvidenceMissing: [
    'A document that the ledger or another document names is not in the object store.',
    'Restore the store from a backup; a new cycle makes new evidence. Where `ratchet apply` was refused: set RATCHET_STORE_URI to the worker’s store.',
  ],
  EvidenceCorrupt: [
    'A document in the object store does not have the digest that is its name.',
    'Restore the object from a backup; `ratchet audit verify` says which ones.',
  ],
  CycleUnknown: ['There is no cycle of that number.', '`ratchet history` lists them.'],
  ModelUnknown: ['No model of that name has been applied here.', '`ratchet get` lists them; `ratchet apply -f model.yaml` adds one.'],
  RegistryRefused: ['The registry refused the request for good.', 'Read its words in the message: mostly a name or a permission.'],
  AccessDenied: ['The store or a server refused our identity.', 'Check the credentials in the worker’s environment.'],
  RequestRefused: [
    'A request came at the wrong time or from the wrong person (a second vote, a cycle that is not open).',
    'The reason is in the message; nothing was changed.',
  ],
  DataRejected: [
    'A check of the data did not pass.',
    'Look at the failing rows in the validation’s evidence; correct the source, or the limit in `checks`.',
  ],
  GateFailed: [
    'The challenger did not pass the gates.',
    'Nothing to repair: the champion stays. The verdict’s sentences say which gate and by how much.',
  ],
  ApprovalRejected: ['A person who may sign rejected the candidate.', 'Their comment is in the record; a new cycle makes a new candidate.'],
  ApprovalTimedOut: ['Nobody decided within `approval.timeoutHours`.', 'Trigger a new cycle; name an `escalateTo`.'],
  CycleAborted: ['A person aborted the cycle.', 'Trigger a new one, or `ratchet retry` to go on from where it stood.'],
  JobTemporary: ['The job asked to be tried again (exit 75).', 'Nothing, unless it lasts: then read its log.'],
  ClusterUnavailable: [
    'The training cluster does not answer, asks us to slow down, or our credentials for it have run out. Jobs that run there go on.',
    'Nothing, unless it lasts: then check the cluster, the network and the worker’s credentials.',
  ],
  ClusterFull: [
    'The training cluster has no room for the job: no machines of that kind, or a quota that others use up.',
    'Nothing: it is tried again, later and later, for a day. Where it lasts, name another kind of machine in the model file, or raise the quota.',
  ],
  RegistryUnavailable: ['The registry does not answer, or is overloaded.', 'Nothing, unless it lasts: then check the MLflow server.'],
  StoreUnavailable: ['The object store does not answer.', 'Nothing, unless it lasts: then check the store and the network.'],
  StoreFull: ['The object store has no space left.', 'Make room; the cycle goes on by itself.'],
  WatchEnded: [
    'The connection that watched a job broke, its worker ends, or somebody paused or reset the watch; the job itself goes on.',
    'Nothing: the watch is taken up again.',
  ],
  NotifierUnavailable: ['A notice could not be delivered.', 'Nothing for the cycle: check the receiver.'],
  Unexpected: ['An error that nobody foresaw.', 'Report it with its message; the cycle tries again.'],
  JobLost: ['The job’s process or node vanished without a result.', 'Nothing: the next attempt starts by itself.'],
  JobStopped: ['The job was stopped from outside.', 'Nothing: the next attempt starts by itself, unless the cycle was aborted.'],
  JobOutOfMemory: [
    'The job needed more than `resources.memoryMiB`.',
    'Set `resources.memoryMiBMax`: up to it, the next attempt gets twice as much.',
  ],
  QuotaExceeded: ['The cluster has no room for the job.', 'Wait, or raise the quota.'],
  JobConflict: [
    'A job of this name exists with another content.',
    'Find out who started it; `ratchet retry` opens a cycle with names of its own.',
  ],
  LedgerConflict: [
    'The ledger’s head is not what this cycle expected: another writer was there.',
    'Look at `ratchet history`; then trigger again.',
  ],
  LedgerBroken: [
    'The ledger’s chain or a signature does not verify.',
    'Run `ratchet audit verify`; restore the ledger from a copy before anything else.',
  ],
  OwnerConflict: ['Another cluster or namespace owns this ledger.', 'Use that one, or take the ledger over with `ratchet adopt`.'],
  ChampionChanged: [
    'The champion changed while the candidate waited, so its comparison no longer holds.',
    'Trigger a new cycle: it is compared with the new champion.',
  ],
  RegistryConflict: [
    'Somebody changed a version or alias in the registry by hand.',
    'Put it back, or roll back with Ratchet; the ledger is the truth.',
  ],
  InstanceNotReady: [
    'A model server did not get ready in time, or died while it started.',
    'Its last words are in the message; mend the model, or raise `serving.readySecondsMax`.',
  ],
  InstanceRefused: [
    'A model server refused rows of the evaluation, or answered another shape.',
    'Nothing got traffic. Mend the model or the features in the model file, then trigger a new cycle.',
  ],
  ServingSkew: [
    'The served model answers other scores than the evaluation did on the same rows.',
    'Nothing got traffic. Compare the two environments; then `ratchet retry`.',
  ],
  RouterRefused: [
    'The proxy refused the configuration; the old one stays in force.',
    'Its words are in the message: mostly `serving.jwt` or a port. Mend the model file and trigger again.',
  ],
  RolloutFailed: [
    'The challenger did worse under real traffic, or could not be shown to do no harm.',
    'Nothing to repair: the champion answers. `ratchet rollout status` says what was seen.',
  ],
  ServingUnavailable: ['Model servers cannot be started or asked just now.', 'Nothing, unless it lasts: then look at the worker’s log.'],
  RouterUnavailable: ['The proxy does not answer.', 'Nothing, unless it lasts: then look at `ratchet status` and the proxy’s log.'],
  MetricsUnavailable: [
    'The metrics of the traffic cannot be read.',
    'Nothing: unless it ends within `rollout.errorSecondsMax` the rollout turns back.',
  ],
  InstanceConflict: [
    'Model servers of this name run with another content, or somebody has edited them by hand.',
    'Find out who started or edited them, and set edits back; `ratchet retry` opens a cycle with names of its own.',
  ],
  ShiftStale: ['A newer shift of traffic is in force: this one came too late.', 'Nothing: the newer one is right.'],
};
