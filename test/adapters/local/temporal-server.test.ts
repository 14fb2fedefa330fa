import { expect, inject, test } from 'vitest';
import { stopServer } from '../../../src/adapters/local/servers/server-process.js';
import { startTestTemporal } from '../../servers/temporal.js';
import { temporaryFolder } from '../../temporary-folder.js';

test('Temporal starts healthy on loopback, ends when told, and its port is free again', async () => {
  const server = await startTestTemporal(inject('temporalCli'), temporaryFolder(), { searchAttributes: { RatchetModel: 'Keyword' } });
  expect(server.address).toBe(`127.0.0.1:${server.port}`);
  await stopServer(server.process);
  expect(await server.exited).toMatch(/exit code|killed by/);
  const again = await startTestTemporal(inject('temporalCli'), temporaryFolder(), { port: server.port });
  await again.stop();
});

test('a server that cannot start says why', async () => {
  const home = temporaryFolder();
  const first = await startTestTemporal(inject('temporalCli'), home);
  const other = temporaryFolder();
  await expect(startTestTemporal(inject('temporalCli'), other, { port: first.port })).rejects.toThrow(
    /Temporal: .*(exit code 1|another server)/,
  );
  await first.stop();
});

test('a program that is missing is named', async () => {
  await expect(startTestTemporal('/nowhere/temporal', temporaryFolder())).rejects.toThrow(/Temporal: .*ENOENT/);
});
