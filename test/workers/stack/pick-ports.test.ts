import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { freePorts } from '../../servers/free-port.js';
import { pickPorts } from '../../../src/workers/stack/pick-ports.js';

const both = { temporal: true, mlflow: true, traffic: true };

test('ports are different and free, named ones are kept', async () => {
  const [named] = await freePorts(1);
  const ports = await pickPorts({ mlflow: named }, both);
  expect(ports.mlflow).toBe(named);
  expect(new Set(Object.values(ports)).size).toBe(9);
});

test('a taken port is one clear sentence', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  await expect(pickPorts({ temporal: port }, both)).rejects.toThrow(
    `port ${port} (--temporal-port) is taken by another process: name another one, or none to get a free one`,
  );
});

test('a port named twice, or for a server that is not started here, is refused', async () => {
  await expect(pickPorts({ temporal: 4000, mlflow: 4000 }, both)).rejects.toThrow('port 4000 is named twice');
  await expect(pickPorts({ mlflow: 4000 }, { temporal: true, mlflow: false, traffic: true })).rejects.toThrow(
    '--mlflow-port 4000 has no meaning',
  );
});

test('after a kill the ports of before are taken again, but for those that others have by now', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port: taken } = server.address() as { port: number };
  const [temporal, mlflow, named, sdkMetrics] = await freePorts(4);
  const ports = await pickPorts({ temporalUi: named }, both, { temporal, temporalUi: 4000, mlflow, traffic: taken, sdkMetrics });
  expect(ports).toMatchObject({ temporal, temporalUi: named, mlflow, sdkMetrics });
  expect(ports.traffic).not.toBe(taken);
  expect(new Set(Object.values(ports)).size).toBe(9);
});
