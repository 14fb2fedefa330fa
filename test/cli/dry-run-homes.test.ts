import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { makeDryRunHome, removeAbandonedDryRuns } from '../../src/cli/dry-run-homes.js';
import { temporaryFolder } from '../temporary-folder.js';

/** The owner's file as a process writes it that is dead afterwards. */
async function ownerOfDead(): Promise<string> {
  const script = "import('./src/workers/stack/home-lock.ts').then(({ thisHolder }) => process.stdout.write(JSON.stringify(thisHolder())))";
  const child = spawn(process.execPath, ['--import', 'tsx', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(child, 'close');
  return text;
}

describe('the homes of dry runs', () => {
  it('are removed by the next dry run where theirs was killed, and no others', async () => {
    const folder = temporaryFolder();
    vi.stubEnv('TMPDIR', folder);
    onTestFinished(() => void vi.unstubAllEnvs());
    const running = makeDryRunHome();
    const dead = await ownerOfDead();
    const abandoned = join(folder, 'ratchet-dry-dead');
    const elsewhere = join(folder, 'ratchet-dry-far');
    const nobodys = join(folder, 'ratchet-dry-mine');
    for (const path of [abandoned, elsewhere, nobodys]) mkdirSync(path);
    writeFileSync(join(abandoned, 'dry-run.json'), dead);
    writeFileSync(join(elsewhere, 'dry-run.json'), JSON.stringify({ ...JSON.parse(dead), host: 'another-machine' }));

    const told: string[] = [];
    await removeAbandonedDryRuns((line) => told.push(line));

    expect(told).toEqual([`removed ${abandoned}, left by a dry run that was killed`]);
    expect(existsSync(abandoned)).toBe(false);
    expect([running.path, elsewhere, nobodys].map(existsSync)).toEqual([true, true, true]);
    expect(JSON.parse(readFileSync(join(running.path, 'dry-run.json'), 'utf8'))).toMatchObject({ process: { pid: process.pid } });
  });
});
