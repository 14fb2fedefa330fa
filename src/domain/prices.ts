import { z } from 'zod';

/** What machines cost, per hour: prices.yaml in the home of the worker. */
export const Prices = z.strictObject({
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'expected a currency of three letters, like EUR')
    .describe('Of all of them, and of `trainer.stop.costMax`.'),
  cpuHour: z.number().min(0).default(0).describe('Of one core.'),
  gpuHour: z.number().min(0).default(0).describe('Of one GPU.'),
  machineHour: z
    .record(z.string().min(1), z.number().min(0))
    .default({})
    .describe('Of whole machines, by the type that the cluster names.'),
});
export type Prices = z.infer<typeof Prices>;
