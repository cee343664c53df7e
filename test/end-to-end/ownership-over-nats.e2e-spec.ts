import { type Bus, type KeyValueStore, KeyValueUnavailable, subjects } from '#cluster';
import { openNats } from '#cluster/nats';
import { parseConfig } from '#config';
import { CountingMeter, silentLog, SystemClock, SystemEntropy } from '#kernel';
import type { TcCommand } from '#telephony';
import type { RunningTier } from '#tier';
import { TlibClient } from '#tlib/client';
import { startTController } from '../../apps/t-controller/src/start.js';
import { natsSuite, type NatsServer, startNats } from '../support/nats.js';

const CONFIG = `
switch: { name: Test, access-point: sip.test.example, external-contact: phones.test.example }
applications:
  N1: { type: sip-server, server-id: 1, geo-location: dc1, host: 127.0.31.1, ports: { sip: 0, TCport: 0 } }
  N2: { type: sip-server, server-id: 2, geo-location: dc1, host: 127.0.31.2, ports: { sip: 0, TCport: 0 } }
dns:
  - { numbers: 7001-7003, type: Extension }
`;

/** One process of the cluster: its own connection to the server. */
interface Node {
  readonly tier: RunningTier;
  readonly bus: Bus;
  readonly keyValues: KeyValueStore;
  close(): Promise<void>;
}

natsSuite('ownership over a real nats-server', (file) => {
  const clock = new SystemClock();
  const base = { clock, entropy: new SystemEntropy(), log: silentLog, meter: new CountingMeter() };
  const { config } = parseConfig(CONFIG, 'owners.yaml');
  const nodes = new Set<Node>();
  let server: NatsServer;

  beforeAll(async () => { server = await startNats(file); });
  afterEach(async () => { for (const node of nodes) await node.close(); });
  afterAll(() => server.close());

  async function start(name: string): Promise<Node> {
    const { bus, keyValues } = await openNats({ servers: [server.address], ...base });
    const application = config.applications.find((each) => each.name === name)!;
    const tier = await startTController(config, application, { ...base, bus, keyValues });
    const node: Node = {
      tier, bus, keyValues,
      close: async () => {
        if (!nodes.delete(node)) return;
        await tier.close();
        await keyValues.close();
        await bus.close();
      },
    };
    nodes.add(node);
    return node;
  }

  async function desk({ tier }: Node, dn: string): Promise<TlibClient> {
    const { host, port } = tier.listening[0]!;
    const client = new TlibClient({ addresses: [{ host, port }], applicationName: 'desk' });
    await client.connect();
    await client.registerAddress(dn);
    return client;
  }

  const phone = ({ bus }: Node, name: string, dn: string): void =>
    bus.publish(subjects.tcCommand(name), { kind: 'registered', dn, untilMs: clock.nowMs() + 600_000 } satisfies TcCommand);

  /** What is written about the DN. A server that is busy may not answer at once: that is to be tried again (KeyValueUnavailable). */
  const record = ({ keyValues }: Node, dn: string): Promise<object> => new Promise((resolve, reject) => {
    const look = (): void => void keyValues.bucket('owners-dc1')
      .then((bucket) => bucket.watch(dn, (change) => { if (change.kind === 'put') resolve(change.entry.value); }))
      .catch((error: unknown) => (error instanceof KeyValueUnavailable ? look() : reject(error)));
    look();
  });

  it('a record is there, and brings the DN back when the node starts again', async () => {
    const [first, second] = [await start('N1'), await start('N2')];
    const watcher = await desk(second, '7001');
    const back = watcher.next('EventDNBackInService');
    const recorded = record(second, '7001');
    phone(first, 'N1', '7001');
    expect(await back).toMatchObject({ Server: 'N1', DNSequence: 1 });
    expect(await recorded).toMatchObject({ dn: '7001', node: 'N1', ownership: 'sip', untilMs: expect.any(Number) });
    await first.close();
    const again = watcher.next('EventDNBackInService');
    await start('N1');
    expect(await again).toMatchObject({ Server: 'N1' });
    watcher.close();
  }, 30_000);

  it('an agent logs in on one DN of two nodes', async () => {
    const [first, second] = [await start('N1'), await start('N2')];
    const [one, two] = [await desk(first, '7002'), await desk(second, '7003')];
    const served = [one.next('EventDNBackInService'), two.next('EventDNBackInService')];
    phone(first, 'N1', '7002');
    phone(second, 'N2', '7003');
    await Promise.all(served);
    await one.agentLogin('7002', 'a1');
    const out = one.next('EventAgentLogout');
    await two.agentLogin('7003', 'a1');
    expect(await out).toMatchObject({ ThisDN: '7002', AgentID: 'a1' });
    one.close();
    two.close();
  }, 30_000);
});
