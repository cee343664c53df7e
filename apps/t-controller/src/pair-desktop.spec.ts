/** A desktop written with the SDK, over a change of halves and real sockets (docs/adr/0005-desktops-of-a-pair.md). */
import { createServer, type AddressInfo } from 'node:net';
import { MemoryBus, MemoryKeyValueStore, subjects } from '#cluster';
import { parseConfig } from '#config';
import { CountingMeter, silentLog, SystemClock, SystemEntropy } from '#kernel';
import { SimPair } from '#simulation';
import type { TcCommand } from '#telephony';
import type { RunningTier } from '#tier';
import type { TEvent } from '#tlib';
import { TlibClient } from '#tlib/client';
import { startTController } from './start.js';

const HOST = '127.0.23.2';

const freePort = (): Promise<number> => new Promise((resolve) => {
  const server = createServer().listen(0, HOST, () => {
    const { port } = server.address() as AddressInfo;
    server.close(() => resolve(port));
  });
});

it('finds its agent as he was, in a new session at the other address', async () => {
  const clock = new SystemClock();
  const base = { clock, entropy: new SystemEntropy(), log: silentLog, meter: new CountingMeter() };
  const bus = new MemoryBus(base);
  const keyValues = new MemoryKeyValueStore(clock);
  const pair = new SimPair();
  const half = (port: number): Promise<RunningTier> => {
    const { config } = parseConfig(`
switch: { name: Test, access-point: sip.test.example, external-contact: phones.test.example }
applications: { N1: { type: sip-server, server-id: 1, host: ${HOST}, ports: { sip: 0, TCport: ${port} } } }
dns: [{ numbers: 7001-7002, type: Extension }]
`, 'tc.yaml');
    return startTController(config, config.applications[0]!, { ...base, bus, keyValues, ...pair.nextTerm(clock.nowMs()) });
  };
  const ports = [await freePort(), await freePort()];
  const addresses = ports.map((port) => ({ host: HOST, port }));
  const first = await half(ports[0]!);
  bus.publish(subjects.tcCommand('N1'), { kind: 'registered', dn: '7001', untilMs: clock.nowMs() + 60_000 } satisfies TcCommand);
  const desktop = new TlibClient({ addresses, applicationName: 'desk', reconnectDelayMs: 10 });
  const heard: string[] = [];
  desktop.on('*', ({ msg }) => heard.push(msg));
  await desktop.connect();
  await desktop.registerAddress('7001');
  await desktop.agentLogin('7001', 'a1');
  await desktop.agentReady('7001');
  const back = new Promise<TEvent>((resolve, reject) => {
    desktop.onNewSession(async () => resolve(await desktop.registerAddress('7001')), reject);
  });
  await first.close();
  const second = await half(ports[1]!);
  expect(await back).toMatchObject({ AgentID: 'a1', Extensions: expect.arrayContaining([['AgentStatus', 2]]) });
  expect(await desktop.agentNotReady('7001')).toMatchObject({ msg: 'EventAgentNotReady', DNSequence: 5 });
  expect(heard).not.toContain('EventAgentLogout');
  desktop.close();
  await second.close();
  await bus.close();
});
