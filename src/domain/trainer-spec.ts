import { z } from 'zod';
import { CodePath } from './data-spec.js';
import { TrainingCluster } from './training-cluster.js';

export const Resources = z.strictObject({
  cpus: z.number().positive().default(1).describe('Cores.'),
  memoryMiB: z.number().int().positive().default(2048).describe('Over this the job is ended as out of memory.'),
  memoryMiBMax: z.number().int().positive().optional().describe('Retried with twice the memory up to this ceiling where it starved.'),
  gpus: z.number().int().min(0).default(0).describe('Whole devices.'),
});
export type Resources = z.infer<typeof Resources>;

/** Names of variables that look like secrets are refused: a spec lies open in the ledger for ever. */
const secretLike = /(SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_KEY)/i;

/** When a training is stopped before its time: it gets SIGTERM, checkpoints, and the cycle fails. */
export const StopRules = z.strictObject({
  costMax: z.number().positive().optional().describe('What all attempts together may cost, by the prices of the worker (prices.yaml).'),
  withoutProgressMinutes: z
    .number()
    .positive()
    .optional()
    .describe('Stopped where its progress has not changed for so long; it counts from the start.'),
});
export type StopRules = z.infer<typeof StopRules>;

export const CheckpointsSpec = z.strictObject({
  graceSeconds: z
    .number()
    .int()
    .positive()
    .max(3600)
    .default(60)
    .describe('From SIGTERM to SIGKILL: so long may writing the last checkpoint take.'),
});
export type CheckpointsSpec = z.infer<typeof CheckpointsSpec>;

export const TrainerSpec = z.strictObject({
  command: z
    .array(z.string().min(1))
    .min(1)
    .describe('The program and its arguments; runs in a folder that holds `files`. Keeps the job contract.'),
  files: z.array(CodePath).default([]).describe('Files and folders that travel with the job, relative to the model file.'),
  config: z.record(z.string(), z.json()).default({}).describe('Handed to the trainer as it is; part of the version.'),
  seed: z.number().int().min(0).default(0).describe('Handed to the trainer; part of the version.'),
  environment: z
    .record(
      z
        .string()
        .regex(/^[A-Z_][A-Z0-9_]*$/, 'expected an environment variable name')
        .refine((name) => !secretLike.test(name), {
          message: 'expected no name of a secret, which may not stand in a model file',
          params: { remedy: 'set it in the worker’s environment' },
        }),
      z.string(),
    )
    .default({})
    .describe('Environment variables of the job; no secrets: a model file lies open in the ledger for ever.'),
  cluster: TrainingCluster.optional().describe('Where trainings run; absent: on the worker’s machine. The other stages run there always.'),
  resources: Resources.prefault({}).describe('What a training job gets.'),
  timeLimitSeconds: z
    .number()
    .int()
    .positive()
    .max(60 * 86_400)
    .describe('After this the job is stopped as timed out.'),
  attemptsMax: z
    .number()
    .int()
    .min(1)
    .max(20)
    .default(3)
    .describe('Attempts at a job that is lost, starved or temporary; a loss after which it goes on farther on than before is not counted.'),
  checkpoints: CheckpointsSpec.optional().describe('The trainer keeps checkpoints: the next attempt goes on where the last one stood.'),
  stop: StopRules.optional().describe('When it is stopped before its time; a loss that is NaN or infinite always stops it.'),
});
export type TrainerSpec = z.infer<typeof TrainerSpec>;
