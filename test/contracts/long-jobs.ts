import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { JobCluster } from '../../src/ports/job-cluster.js';
import { nodeJob, runJob, untilJob } from './job-cluster.js';

const signal = new AbortController().signal;

/** What every cluster keeps for jobs that take days: progress, checkpoints, time to write the last one. */
export function describeLongJobs(name: string, open: () => Promise<{ cluster: JobCluster }>) {
  describe(`${name} job cluster, long jobs`, () => {
    test('a loss that is no number is told as such, also as Python’s json writes it', async () => {
      const { cluster } = await open();
      const spec = nodeJob(
        `progress('{"epoch": 2, "epochs": 9, "loss": NaN, "examplesPerSecond": 1200.5, "other": 1}'); setInterval(() => {}, 1000)`,
      );
      await cluster.submit(spec, signal);
      const { progress } = await untilJob(cluster, spec.name, (job) => job.progress?.loss !== undefined);
      expect(progress).toEqual({ epoch: 2, epochs: 9, loss: 'NaN', examplesPerSecond: 1200.5 });
      await cluster.stop(spec.name);
    });

    test('hands the same checkpoints to the next attempt, until they are cleared', async () => {
      const { cluster } = await open();
      const checkpoints = `m/train-${randomBytes(32).toString('hex')}`;
      const code = `const place = process.env.RATCHET_CHECKPOINTS + '/at';
        const before = fs.existsSync(place) ? fs.readFileSync(place, 'utf8') : 'nothing';
        fs.writeFileSync(place, process.env.RATCHET_JOB_NAME); write(before)`;
      const first = nodeJob(code, { checkpoints });
      expect(await runJob(cluster, first)).toMatchObject({ output: 'nothing' });
      expect(await runJob(cluster, nodeJob(code, { checkpoints, attempt: 2 }))).toMatchObject({ output: first.name });
      await cluster.clearCheckpoints(checkpoints);
      await cluster.clearCheckpoints(checkpoints);
      expect(await runJob(cluster, nodeJob(code, { checkpoints, attempt: 3 }))).toMatchObject({ output: 'nothing' });
      await cluster.clearCheckpoints(checkpoints);
    });

    test('names no checkpoints where the job keeps none', async () => {
      const { cluster } = await open();
      const spec = nodeJob("write(process.env.RATCHET_CHECKPOINTS ?? 'none')", { environment: { RATCHET_CHECKPOINTS: '/forged' } });
      expect(await runJob(cluster, spec)).toMatchObject({ output: 'none' });
    });

    test('waits as long for a checkpoint as the job says', async () => {
      const { cluster } = await open();
      const code =
        "process.on('SIGTERM', () => setTimeout(() => { console.log('checkpointed'); process.exit(143); }, 1500)); console.log('listening'); setInterval(() => {}, 1000)";
      const spec = nodeJob(code, { graceSeconds: 30 });
      await cluster.submit(spec, signal);
      await expect.poll(() => cluster.logs(spec.name), { timeout: 60_000 }).toContain('listening');
      await cluster.stop(spec.name);
      expect(await cluster.describe(spec.name)).toMatchObject({
        failure: { type: 'JobStopped', logTail: expect.stringContaining('checkpointed') },
      });
    });
  });
}
