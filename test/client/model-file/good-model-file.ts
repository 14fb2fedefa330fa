/** A model file without a single problem but what it can detect; line numbers in the tables refer to it. */
export const GOOD_MODEL_FILE = `apiVersion: ratchet.dev/v1
kind: Model
metadata:
  name: flight-lateness
  owner: flights-team
  tier: medium
spec:
  data:
    source: { kind: python, entrypoint: "flights:load", files: [flights.py] }
    timeColumn: scheduled_at
    timeZone: America/New_York
    keyColumns: [scheduled_at, flight]
    window:
      start: "2013-01-01T00:00:00-05:00"
      holdoutDays: 28
    label:
      column: late
      delayHours: 24
    features:
      - { name: distance, type: number, min: 1, max: 6000 }
      - { name: temp, type: number, nullable: true, availableAt: observed_at }
      - { name: dewp, type: number, nullable: true, availableAt: observed_at }
      - { name: origin, type: category }
  checks:
    nullShareMax: 0.5
  trainer:
    command: [python, train.py]
    files: [train.py]
    environment: { OMP_NUM_THREADS: "1" }
    resources: { memoryMiB: 2048, memoryMiBMax: 4096 }
    timeLimitSeconds: 600
  evaluation:
    metrics: [auc, logLoss]
    resampleBy: day
    slices: [{ by: origin }]
  gates:
    alpha: 0.05
    whenNoChampion: requireApproval
    absolute:
      - { metric: auc, min: 0.65 }
      - { metric: calibrationGap, max: 0.1 }
    againstChampion:
      - { metric: auc, test: superiority }
      - { metric: logLoss, test: nonInferiority, margin: 0.02 }
    slices:
      - { by: origin, metric: logLoss, margin: 0.02 }
    maxImprovement:
      - { metric: auc, delta: 0.1 }
  approval:
    quorum: 1
    signers:
      - { name: ada@example.org }
      - { role: release-manager, members: [grace@example.org] }
    timeoutHours: 72
    escalateAfterHours: 24
    escalateTo: [team@example.org]
  triggers:
    schedules:
      - { cron: "0 6 * * 1", timeZone: America/New_York }
`;

/** The files beside it. */
export const FILES = ['flights.py', 'train.py'];

/** When it is read. */
export const NOW_MS = Date.parse('2013-07-01T00:00:00Z');
